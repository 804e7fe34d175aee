#include "cli/doctor_visit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/checkup.h"
#include "cli/doctor_filter.h"
#include "cli/doctor_watch.h"

struct nurse {
	struct visit *visit;
	pthread_t thread;
	sigset_t mask;
	int listener;           /* or -Exxx */
	sem_t has_listener, may_start;
	int end;                /* of a pipe that is closed when the tree has ended */
};

static int program_prepare(void *context)
{
	if (setenv(CHECKUP_VARIABLE, "1", 1))
		return -ENOMEM;
	return workplace_enter(context);
}

/* A filter is one thread's and its children's. This one starts the program, and lives as
 * long as it: a parent's death is that of the thread that was the parent. */
static void *nurse_run(void *context)
{
	struct nurse *nurse = context;
	struct visit *visit = nurse->visit;

	nurse->listener = filter_install();
	sem_post(&nurse->has_listener);
	while (sem_wait(&nurse->may_start))
		;
	pthread_sigmask(SIG_SETMASK, &nurse->mask, NULL);
	if (!visit->start_error)
		visit->start_error = process_tree_start(&visit->tree, visit->program,
							program_prepare, visit->workplace);
	if (!visit->start_error) {
		visit->status = process_tree_wait(&visit->tree);
		visit->is_over = process_tree_settle(&visit->tree);
	}
	close(nurse->end);
	return NULL;
}

/* `until` can be read when the nurse has closed its end. */
static void watch_nurse(struct nurse *nurse, int until)
{
	struct visit *visit = nurse->visit;
	struct watch watch;
	bool is_watching;

	while (sem_wait(&nurse->has_listener))
		;
	visit->watch_error = nurse->listener < 0 ? nurse->listener : 0;
	/* Under the filter nothing is started without an heir. */
	if (!visit->watch_error)
		visit->start_error = watch_init(&watch, nurse->listener, visit->patients);
	is_watching = !visit->watch_error && !visit->start_error;
	sem_post(&nurse->may_start);
	if (is_watching)
		watch_run(&watch, until);
	pthread_join(nurse->thread, NULL);
	if (!is_watching)
		return;
	watch_finish(&watch, visit->is_over);
	visit->unread = watch.unread;
	visit->unread_pid = watch.unread_pid;
}

int visit_make(struct visit *visit)
{
	struct nurse nurse = { .visit = visit };
	sigset_t all;
	int ends[2], error;

	visit->is_over = true;
	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	nurse.end = ends[1];
	sem_init(&nurse.has_listener, 0, 0);
	sem_init(&nurse.may_start, 0, 0);
	/* All signals are the nurse's, who passes them on. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &nurse.mask);
	error = -pthread_create(&nurse.thread, NULL, nurse_run, &nurse);
	if (!error)
		watch_nurse(&nurse, ends[0]);
	else
		close(ends[1]);
	pthread_sigmask(SIG_SETMASK, &nurse.mask, NULL);
	close(ends[0]);
	return error;
}
