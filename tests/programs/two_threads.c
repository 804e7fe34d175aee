/* Two threads and one connection, with the fake libpq, whose query `notice` calls the notice
 * processor while it is inside of PQexec.
 *
 *	two_threads at_once     another thread uses it meanwhile
 *	two_threads accessors   another thread asks and cancels meanwhile, which is legal
 *	two_threads locked      many use it, each with a lock
 *	two_threads jumped      the first leaves by longjmp; then both use it, one after the other
 *	two_threads ended       the first ends inside; then another uses it
 *	two_threads nested      the notice processor itself uses it
 *	two_threads storm       many use it without a lock
 */
#include <libpq-fe.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 4, ROUNDS = 2000 };

static PGconn *connection;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static jmp_buf place;

static void run(void *(*body)(void *))
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, body, NULL) || pthread_join(thread, NULL))
		exit(1);
}

static void *second(void *unused)
{
	PQflush(connection);
	return unused;
}

static void *accessors(void *unused)
{
	char error[64];
	PGcancel *cancel = PQgetCancel(connection);

	PQtransactionStatus(connection);
	PQsocket(connection);
	PQcancel(cancel, error, sizeof(error));
	PQfreeCancel(cancel);
	return unused;
}

static void notice_at_once(void *unused, const char *message)
{
	(void)unused;
	(void)message;
	run(second);
}

static void notice_accessors(void *unused, const char *message)
{
	(void)unused;
	(void)message;
	run(accessors);
}

static void notice_jumped(void *unused, const char *message)
{
	(void)unused;
	(void)message;
	longjmp(place, 1);
}

static void notice_ended(void *unused, const char *message)
{
	(void)unused;
	(void)message;
	pthread_exit(NULL);
}

static void notice_nested(void *unused, const char *message)
{
	(void)unused;
	(void)message;
	PQflush(connection);
}

static void first(void)
{
	PQclear(PQexec(connection, "notice"));
}

static void *first_in_thread(void *unused)
{
	first();
	return unused;
}

static void *many_locked(void *unused)
{
	for (int round = 0; round < ROUNDS; round++) {
		pthread_mutex_lock(&lock);
		PQflush(connection);
		pthread_mutex_unlock(&lock);
	}
	return unused;
}

static void *many(void *unused)
{
	for (int round = 0; round < ROUNDS; round++)
		PQflush(connection);
	return unused;
}

static void run_many(void *(*body)(void *))
{
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, body, NULL))
			exit(1);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

int main(int argc, char **argv)
{
	const char *what = argc == 2 ? argv[1] : "";
	static const struct {
		const char *name;
		PQnoticeProcessor processor;
	} rows[] = {
		{ "at_once", notice_at_once }, { "accessors", notice_accessors },
		{ "jumped", notice_jumped },   { "ended", notice_ended },
		{ "nested", notice_nested },
	};

	connection = PQconnectdb("fake_socket=0");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!strcmp(rows[i].name, what))
			PQsetNoticeProcessor(connection, rows[i].processor, NULL);
	if (!strcmp(what, "locked"))
		run_many(many_locked);
	else if (!strcmp(what, "storm"))
		run_many(many);
	else if (!strcmp(what, "ended"))
		run(first_in_thread);
	else if (!setjmp(place))
		first();
	run(second);
	PQflush(connection);
	run(second);
	PQfinish(connection);
	return 0;
}
