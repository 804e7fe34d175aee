/* Handles are found without a lock while others come and go. */
#include "capture/handles.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>

#include <cmocka.h>

#include "capture/leaf.h"
#include "capture/registry.h"

enum { STAY = 90, COME = 90, MANY = 50000, ROUNDS = 3000, MOVES = 300000, READERS = 2 };

static struct connection staying[STAY], coming[COME], many[MANY];
static struct handles handles;
static atomic_bool is_over;
static atomic_ulong looks, missed;

static const PGconn *handle_of(size_t number)
{
	return (const PGconn *)(0x555555554000 + number * 1200);
}

/* The handle whose hash is `hash`: by the inverse of the multiplier. */
static const PGconn *handle_hashed(uint64_t hash)
{
	uint64_t inverse = 1, factor = hash_of((const PGconn *)1);

	for (int i = 0; i < 6; i++)
		inverse *= 2 - factor * inverse;
	return (const PGconn *)(uintptr_t)(hash * inverse);
}

static void begin(void)
{
	handles = (struct handles){ 0 };
	for (size_t i = 0; i < STAY; i++)
		staying[i].handle = handle_of(2 * i);
	for (size_t i = 0; i < COME; i++)
		coming[i].handle = handle_of(2 * i + 1);
	for (size_t i = 0; i < MANY; i++)
		many[i].handle = handle_of(2 * i + 1);
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

static void remove_all(const struct connection *connections, size_t count)
{
	for (size_t i = 0; i < count; i++)
		handles_remove(&handles, &connections[i]);
}

static void *look(void *unused)
{
	for (size_t i = 0; !is_over; i = (i + 1) % STAY) {
		struct connection *found = &staying[i];

		/* The other one may be stopped for long: that is no miss. */
		if (handles_look(&handles, staying[i].handle, &found))
			looks++;
		missed += found != &staying[i];
	}
	return unused;
}

/* Around what `change` does, until the readers have seen enough of it. */
static void look_meanwhile(void (*change)(void), size_t rounds)
{
	pthread_t threads[READERS];

	add_all(staying, STAY);
	is_over = false;
	looks = 0;
	for (size_t i = 0; i < READERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, look, NULL), 0);
	for (size_t round = 0; round < rounds || looks < 1000; round++)
		change();
	is_over = true;
	for (size_t i = 0; i < READERS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(missed, 0);
}

static void some_come_and_go(void)
{
	add_all(coming, COME);
	remove_all(coming, COME);
}

static void a_reader_never_misses_what_stays(void **state)
{
	(void)state;
	begin();
	look_meanwhile(some_come_and_go, ROUNDS);
}

/* The one that is there until another number stands here. */
static atomic_size_t kept;

static void *look_for_kept(void *unused)
{
	while (!is_over) {
		size_t number = kept;
		struct connection *wanted = &coming[number % COME], *found = wanted;

		if (handles_look(&handles, wanted->handle, &found))
			looks++;
		missed += found != wanted && kept == number;
	}
	return unused;
}

/* All in one row, from which the first goes to the end: all others move up, under the
 * reader's eyes. */
static void a_reader_never_misses_what_moves(void **state)
{
	pthread_t reader;

	(void)state;
	begin();
	for (size_t i = 0; i < COME; i++)
		coming[i].handle = handle_hashed(i + 1);
	add_all(coming, COME);
	is_over = false;
	looks = 0;
	kept = COME - 1;
	assert_int_equal(pthread_create(&reader, NULL, look_for_kept, NULL), 0);
	for (size_t first = 0; first < MOVES || looks < 1000; first++) {
		if (first % COME == kept % COME)
			kept = first + COME - 1;
		handles_remove(&handles, &coming[first % COME]);
		assert_int_equal(handles_add(&handles, &coming[first % COME]), 0);
	}
	is_over = true;
	pthread_join(reader, NULL);
	assert_int_equal(missed, 0);
}

static void many_come(void)
{
	begin();
	add_all(staying, STAY);
	add_all(many, MANY);
}

static void it_grows_to_many_and_all_are_found(void **state)
{
	(void)state;
	many_come();
	assert_int_equal(handles.count, STAY + MANY);
	for (size_t i = 0; i < MANY; i++)
		assert_ptr_equal(handles_find(&handles, many[i].handle), &many[i]);
	assert_null(handles_find(&handles, handle_of(2 * MANY + 1)));
	remove_all(many, MANY);
	for (size_t i = 0; i < MANY; i++)
		assert_null(handles_find(&handles, many[i].handle));
	assert_int_equal(handles.count, STAY);
}

static void come_many(void)
{
	add_all(many, MANY);
	remove_all(many, MANY);
}

/* The first time through its leaves are split, 400 of them, in the readers' way. */
static void a_reader_never_misses_what_stays_while_it_grows(void **state)
{
	(void)state;
	for (int again = 0; again < 10; again++) {
		begin();
		look_meanwhile(come_many, 1);
	}
}

static size_t visited;

static void visit(struct connection *connection)
{
	visited++;
	connection->unrecorded.site++;
}

/* Most are in one part of the table, which so has leaves of all depths. */
static void each_is_visited_once(void **state)
{
	(void)state;
	visited = 0;
	begin();
	for (size_t i = 0; i < MANY; i++)
		many[i].handle = handle_hashed(((uint64_t)i << 42) + i * 0x9e3779b9);
	add_all(many, MANY);
	handles_each(&handles, visit);
	assert_int_equal(visited, MANY);
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(many[i].unrecorded.site, 1);
}

/* Their hashes begin alike: the leaf is split as often as it may be, in vain. */
static void those_that_no_split_parts_fill_a_leaf_and_no_more(void **state)
{
	size_t count = 0;

	(void)state;
	begin();
	for (size_t i = 0; i < MANY; i++)
		many[i].handle = handle_hashed(i + 1);
	while (count < MANY && !handles_add(&handles, &many[count]))
		count++;
	assert_int_equal(count, LEAF_MAX);
	assert_int_equal(handles.count, LEAF_MAX);
	for (size_t i = 0; i < count; i++)
		assert_ptr_equal(handles_find(&handles, many[i].handle), &many[i]);
	assert_null(handles_find(&handles, many[count].handle));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(those_that_were_removed_are_not_found_and_the_others_are),
		cmocka_unit_test(a_reader_never_misses_what_stays),
		cmocka_unit_test(a_reader_never_misses_what_moves),
		cmocka_unit_test(it_grows_to_many_and_all_are_found),
		cmocka_unit_test(a_reader_never_misses_what_stays_while_it_grows),
		cmocka_unit_test(each_is_visited_once),
		cmocka_unit_test(those_that_no_split_parts_fill_a_leaf_and_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
