/* GDAL: a dataset of the PostgreSQL driver is a connection. Declares the few functions it calls:
 * the package with GDAL's headers is large.
 */
#include <stdio.h>
#include <string.h>

#include "step_wait.h"

enum { GDAL_OF_VECTOR = 4 };

void GDALAllRegister(void);
void *GDALOpenEx(const char *name, unsigned flags, const char *const *drivers,
		 const char *const *options, const char *const *siblings);
int GDALDatasetGetLayerCount(void *dataset);
void GDALClose(void *dataset);

static void *open_one(void)
{
	void *dataset = GDALOpenEx("PG:", GDAL_OF_VECTOR, NULL, NULL, NULL); /* leak here */

	if (dataset == NULL)
		exit(1);
	step_wait();
	return dataset;
}

int main(int argc, char **argv)
{
	void *dataset;

	GDALAllRegister();
	dataset = open_one();
	printf("%d layers\n", GDALDatasetGetLayerCount(dataset));
	if (argc == 2 && strcmp(argv[1], "closes") == 0)
		GDALClose(dataset);
	step_wait();
	puts("end");
	return 0;
}
