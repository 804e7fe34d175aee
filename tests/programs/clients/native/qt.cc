/* Qt: a connection has a name, and lasts until it is removed; a new name for each piece of work
 * is a new connection. No function is static: compilers differ in what they call one.
 */
#include <cstdio>
#include <cstring>

#include <QCoreApplication>
#include <QSqlDatabase>
#include <QSqlError>
#include <QSqlQuery>
#include <QString>
#include <QVariant>

#include "step_wait.h"

void work(const QString &name)
{
	QSqlDatabase database = QSqlDatabase::addDatabase("QPSQL", name);

	database.setHostName(qEnvironmentVariable("PGHOST"));
	database.setPort(qEnvironmentVariableIntValue("PGPORT"));
	database.setDatabaseName(qEnvironmentVariable("PGDATABASE"));
	database.setUserName(qEnvironmentVariable("PGUSER"));
	if (!database.open()) { /* leak here */
		fprintf(stderr, "%s\n", qPrintable(database.lastError().text()));
		exit(1);
	}
	step_wait();
	QSqlQuery query("select 'it works'", database);
	if (query.next())
		puts(qPrintable(query.value(0).toString()));
}

int main(int argc, char **argv)
{
	QCoreApplication application(argc, argv);

	for (int i = 0; i < 3; i++) {
		QString name = QString("work %1").arg(i);

		work(name);
		if (argc == 2 && strcmp(argv[1], "closes") == 0)
			QSqlDatabase::removeDatabase(name);
		step_wait();
	}
	puts("end");
	return 0;
}
