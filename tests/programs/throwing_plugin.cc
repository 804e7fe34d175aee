// A plug-in that throws through its caller, with a connection open.
#include <libpq-fe.h>

#include <stdexcept>
#include <string>

extern "C" void plugin_throw(void)
{
	PGconn *connection = PQconnectdb("");
	std::string status = PQstatus(connection) == CONNECTION_OK ? "connected" : "not connected";

	PQfinish(connection);
	throw std::runtime_error("thrown by the plug-in, " + status);
}
