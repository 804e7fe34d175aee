/* From what a capture saw to the stack that is stored. */
#include "ledger/depot.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { WORDS = 64 };

static bool is_equal(struct depot_key a, struct depot_key b)
{
	return a.high == b.high && a.low == b.low;
}

static void equal_words_have_an_equal_key(void **state)
{
	uint64_t words[WORDS] = { 1, 2, 3 }, same[WORDS] = { 1, 2, 3 };

	(void)state;
	for (size_t count = 0; count <= WORDS; count++)
		assert_true(is_equal(depot_mix(words, count), depot_mix(same, count)));
}

/* Any bit of any word, any two words exchanged, any length. */
static void any_difference_gives_another_key(void **state)
{
	uint64_t words[WORDS];
	struct depot_key key;

	(void)state;
	for (size_t i = 0; i < WORDS; i++)
		words[i] = 0x7f0000001000 + i * 16;
	key = depot_mix(words, WORDS);
	for (size_t i = 0; i < WORDS; i++) {
		for (unsigned bit = 0; bit < 64; bit++) {
			words[i] ^= (uint64_t)1 << bit;
			assert_false(is_equal(depot_mix(words, WORDS), key));
			words[i] ^= (uint64_t)1 << bit;
		}
		assert_false(is_equal(depot_mix(words, i), key));
		if (!i)
			continue;
		uint64_t other = words[i];

		words[i] = words[i - 1];
		words[i - 1] = other;
		assert_false(is_equal(depot_mix(words, WORDS), key));
		words[i - 1] = words[i];
		words[i] = other;
	}
	memset(words, 0, sizeof(words));
	for (size_t i = 1; i < WORDS; i++)
		assert_false(is_equal(depot_mix(words, i), depot_mix(words, i - 1)));
}

static int key_order(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct depot_key));
}

/* Return addresses of few call sites in all orders: stacks as they really differ. */
static void a_million_stacks_have_a_million_keys(void **state)
{
	size_t count = 1000000;
	struct depot_key *keys = calloc(count, sizeof(*keys));
	uint64_t words[10];

	(void)state;
	assert_non_null(keys);
	for (size_t i = 0; i < count; i++) {
		size_t digits = i;

		for (size_t at = 0; at < 10; at++, digits /= 4)
			words[at] = 0x555555554000 + digits % 4 * 5;
		keys[i] = depot_mix(words, 10);
	}
	qsort(keys, count, sizeof(*keys), key_order);
	for (size_t i = 1; i < count; i++)
		assert_false(is_equal(keys[i], keys[i - 1]));
	free(keys);
}

static void what_was_added_is_found_as_it_was(void **state)
{
	static const char library[] = "sqlalchemy";
	struct depot depot = { 0 };
	const struct depot_stack *kept[1000];

	(void)state;
	for (uint32_t i = 0; i < 1000; i++) {
		/* All in one row of the table: the low halves are equal. */
		struct depot_stack stack = { .key = { i, 7 }, .stack = i + 1, .pool_frame = i,
					     .pool_library = library };

		assert_null(depot_find(&depot, stack.key));
		kept[i] = depot_add(&depot, &stack);
		assert_non_null(kept[i]);
	}
	for (uint32_t i = 0; i < 1000; i++) {
		assert_ptr_equal(depot_find(&depot, (struct depot_key){ i, 7 }), kept[i]);
		assert_int_equal(kept[i]->stack, i + 1);
		assert_int_equal(kept[i]->pool_frame, i);
		assert_ptr_equal(kept[i]->pool_library, library);
	}
	assert_null(depot_find(&depot, (struct depot_key){ 1000, 7 }));
	depot_forget(&depot);
	assert_null(depot_find(&depot, (struct depot_key){ 1, 7 }));
	assert_int_equal(depot.count, 0);
}

static int fill(struct depot *depot)
{
	uint64_t count = depot->count;

	while (depot_add(depot, &(struct depot_stack){ .key = { count, count } }))
		count++;
	for (uint64_t i = 0; i < count; i++) {
		if (!depot_find(depot, (struct depot_key){ i, i }))
			return 1;
	}
	return depot_find(depot, (struct depot_key){ count, count }) || depot->count != count ||
	       count < 100;
}

static void a_full_depot_takes_no_more_and_keeps_the_rest(void **state)
{
	struct depot depot = { 0 };

	(void)state;
	assert_int_equal(fill(&depot), 0);
	assert_int_equal(depot.count, depot.capacity);
	depot_forget(&depot);
}

static void without_memory_it_takes_no_more(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	if (!pid) {
		struct rlimit none = { 0 };
		struct depot depot = { 0 };

		depot_add(&depot, &(struct depot_stack){ .key = { 0, 0 } });
		setrlimit(RLIMIT_AS, &none);
		if (depot_add(&(struct depot){ 0 }, &(struct depot_stack){ .stack = 1 }))
			_exit(2);
		_exit(fill(&depot));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

enum { READERS = 2, ADDED = 3000, ROUNDS = 300 };

static struct depot shared;
static atomic_uint added;
static atomic_ulong missed, torn;

static struct depot_key key_of(uint32_t number)
{
	const uint64_t word = number;

	return depot_mix(&word, 1);
}

static void look_at(uint32_t number, bool is_there)
{
	const struct depot_stack *stack = depot_find(&shared, key_of(number));

	missed += is_there && !stack;
	torn += stack && (stack->stack != number + 1 || stack->pool_frame != number);
}

/* What was said to be there is, at every size of the table; what comes next is there whole, or
 * not at all. */
static void *look(void *unused)
{
	uint32_t count;

	while ((count = added) < ADDED) {
		for (uint32_t i = 0; i < 8; i++)
			look_at(count + i % 2, false);
		if (count)
			look_at(count * 7u % 1000 * count / 1000, true);
	}
	return unused;
}

static void readers_without_a_lock_find_all_that_was_added(void **state)
{
	pthread_t threads[READERS];

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		added = 0;
		for (size_t i = 0; i < READERS; i++)
			assert_int_equal(pthread_create(&threads[i], NULL, look, NULL), 0);
		for (uint32_t i = 0; i < ADDED; i++) {
			assert_non_null(depot_add(&shared, &(struct depot_stack){
				.key = key_of(i), .stack = i + 1, .pool_frame = i }));
			added = i + 1;
		}
		for (size_t i = 0; i < READERS; i++)
			pthread_join(threads[i], NULL);
		depot_forget(&shared);
	}
	assert_int_equal(missed, 0);
	assert_int_equal(torn, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_words_have_an_equal_key),
		cmocka_unit_test(any_difference_gives_another_key),
		cmocka_unit_test(a_million_stacks_have_a_million_keys),
		cmocka_unit_test(what_was_added_is_found_as_it_was),
		cmocka_unit_test(a_full_depot_takes_no_more_and_keeps_the_rest),
		cmocka_unit_test(without_memory_it_takes_no_more),
		cmocka_unit_test(readers_without_a_lock_find_all_that_was_added),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
