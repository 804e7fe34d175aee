/* The records of each site, in their order. */
#include "capture/site_chain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ledger/connections.h"
#include "written.h"

enum { SITES = 3, RECORDS = 31 };

static void check(const struct site_chain *chain)
{
	for (uint32_t site = 1; site <= SITES; site++) {
		uint32_t found = 0;

		for (uint32_t id = 1; id <= RECORDS; id++) {
			if (id % SITES + 1 != site)
				continue;
			found = site_chain_next(chain, site, found);
			assert_int_equal(found, id);
		}
		assert_int_equal(site_chain_next(chain, site, found), 0);
	}
}

/* Also where there was no memory for them. */
static void each_site_has_its_own_in_their_order(void **state)
{
	struct written *written = written_new(WRITTEN_SIZE);
	struct site_chain chain, searched;

	(void)state;
	for (uint32_t id = 1; id <= RECORDS; id++)
		assert_int_equal(ledger_add_connection(&written->ledger,
						       &(struct ledger_connection){
							       .state = LEDGER_OPEN,
							       .site = id % SITES + 1 }), id);
	site_chain_init(&chain, &written->ledger, LEDGER_CONNECTIONS, SITES, RECORDS);
	assert_non_null(chain.first);
	check(&chain);
	searched = chain;
	searched.first = searched.next = NULL;
	check(&searched);
	site_chain_finish(&chain);
	written_free(written);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_site_has_its_own_in_their_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
