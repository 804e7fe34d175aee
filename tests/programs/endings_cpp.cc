// Opens one connection owned by a C++ object and ends as the argument names:
// `raii`, `static` or `exception` (closed while the stack is unwound).
//
// Server and user come from PGHOST, PGPORT, PGUSER and PGDATABASE.
#include <libpq-fe.h>

#include <cstring>
#include <iostream>
#include <memory>
#include <stdexcept>

namespace {

class Connection {
public:
	Connection() : handle(PQconnectdb("")) {}
	~Connection() { PQfinish(handle); }
	Connection(const Connection &) = delete;
	Connection &operator=(const Connection &) = delete;

	bool is_good() const { return PQstatus(handle) == CONNECTION_OK; }

private:
	PGconn *handle;
};

int end_by_scope()
{
	Connection connection;
	return connection.is_good() ? 0 : 1;
}

int end_by_static()
{
	static std::unique_ptr<Connection> connection;
	connection = std::make_unique<Connection>();
	return connection->is_good() ? 0 : 1;
}

int end_by_exception()
{
	try {
		Connection connection;
		throw std::runtime_error("thrown with a connection open");
	} catch (const std::runtime_error &error) {
		std::cout << error.what() << std::endl;
		return 7;
	}
}

} // namespace

int main(int argc, char **argv)
{
	const char *name = argc == 2 ? argv[1] : "";

	if (std::strcmp(name, "raii") == 0)
		return end_by_scope();
	if (std::strcmp(name, "static") == 0)
		return end_by_static();
	if (std::strcmp(name, "exception") == 0)
		return end_by_exception();
	std::cerr << "usage: endings_cpp NAME" << std::endl;
	return 2;
}
