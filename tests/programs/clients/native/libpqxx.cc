/* libpqxx: a connection is an object, closed where it ends, or never, when it was made by new. No
 * function is static: compilers differ in what they call one.
 */
#include <iostream>
#include <string>

#include <pqxx/pqxx>

#include "step_wait.h"

void ask(pqxx::connection &connection)
{
	pqxx::work work{connection};

	std::cout << work.exec("select 'it works'")[0][0].c_str() << std::endl;
	work.commit();
	step_wait();
}

void use_and_close()
{
	pqxx::connection connection{""};

	step_wait();
	ask(connection);
}

void use_and_forget()
{
	auto *connection = new pqxx::connection{""}; /* leak here */

	step_wait();
	ask(*connection);
}

int main(int argc, char **argv)
{
	if (argc == 2 && argv[1] == std::string{"closes"})
		use_and_close();
	else
		use_and_forget();
	step_wait();
	std::cout << "end" << std::endl;
	return 0;
}
