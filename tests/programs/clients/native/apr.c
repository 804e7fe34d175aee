/* APR: a connection of apr_dbd ends by apr_dbd_close, or with its pool. */
#include <apr_dbd.h>
#include <apr_general.h>
#include <apr_pools.h>
#include <stdio.h>
#include <string.h>

#include "step_wait.h"

static apr_dbd_t *open_one(const apr_dbd_driver_t *driver, apr_pool_t *pool)
{
	apr_dbd_t *connection = NULL;

	if (apr_dbd_open(driver, pool, "", &connection) != APR_SUCCESS) /* leak here */
		exit(1);
	step_wait();
	return connection;
}

int main(int argc, char **argv)
{
	const apr_dbd_driver_t *driver;
	apr_dbd_results_t *results = NULL;
	apr_dbd_row_t *row = NULL;
	apr_dbd_t *connection;
	apr_pool_t *pool;

	if (apr_initialize() != APR_SUCCESS || apr_pool_create(&pool, NULL) != APR_SUCCESS ||
	    apr_dbd_init(pool) != APR_SUCCESS ||
	    apr_dbd_get_driver(pool, "pgsql", &driver) != APR_SUCCESS)
		return 1;
	connection = open_one(driver, pool);
	if (apr_dbd_select(driver, pool, connection, &results, "select 'it works'", 1) != 0 ||
	    apr_dbd_get_row(driver, pool, results, &row, 1) != 0)
		return 1;
	puts(apr_dbd_get_entry(driver, row, 0));
	step_wait();
	if (argc == 2 && strcmp(argv[1], "closes") == 0)
		apr_dbd_close(driver, connection);
	step_wait();
	puts("end");
	return 0;
}
