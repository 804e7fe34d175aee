/* Handles are found without a lock while others come and go. */
#include "capture/handles.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>

#include <cmocka.h>

#include "capture/registry.h"

enum { STAY = 200, COME = 400, ROUNDS = 3000, READERS = 2 };

static struct connection staying[STAY], coming[COME];
static struct handles handles;
static atomic_bool is_over;
static atomic_ulong looks, missed;

static const PGconn *handle_of(size_t number)
{
	return (const PGconn *)(0x555555554000 + number * 1200);
}

static void begin(void)
{
	handles = (struct handles){ 0 };
	for (size_t i = 0; i < STAY; i++)
		staying[i].handle = handle_of(2 * i);
	for (size_t i = 0; i < COME; i++)
		coming[i].handle = handle_of(2 * i + 1);
}

static void add_all(struct connection *connections, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_int_equal(handles_add(&handles, &connections[i]), 0);
}

static void those_that_were_removed_are_not_found_and_the_others_are(void **state)
{
	(void)state;
	begin();
	assert_null(handles_find(&handles, handle_of(0)));
	add_all(staying, STAY);
	add_all(coming, COME);
	for (size_t gone = 0; gone < COME; gone++) {
		handles_remove(&handles, &coming[gone]);
		for (size_t i = 0; i < STAY; i++)
			assert_ptr_equal(handles_find(&handles, handle_of(2 * i)), &staying[i]);
		for (size_t i = 0; i < COME; i++)
			assert_ptr_equal(handles_find(&handles, handle_of(2 * i + 1)),
					 i <= gone ? NULL : &coming[i]);
	}
}

static void *look(void *unused)
{
	for (size_t i = 0; !is_over; i = (i + 1) % STAY) {
		missed += handles_find(&handles, handle_of(2 * i)) != &staying[i];
		looks++;
	}
	return unused;
}

static void a_reader_never_misses_what_stays(void **state)
{
	pthread_t threads[READERS];

	(void)state;
	begin();
	add_all(staying, STAY);
	for (size_t i = 0; i < READERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, look, NULL), 0);
	for (size_t round = 0; round < ROUNDS || looks < 1000; round++) {
		add_all(coming, COME);
		for (size_t i = 0; i < COME; i++)
			handles_remove(&handles, &coming[i]);
	}
	is_over = true;
	for (size_t i = 0; i < READERS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(missed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(those_that_were_removed_are_not_found_and_the_others_are),
		cmocka_unit_test(a_reader_never_misses_what_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
