/* A plug-in that opens a library by its bare name, which only its own DT_RUNPATH knows,
 * and asks for the next `runpath_name` after itself. Built twice more, with NAME, as the
 * library and as the program that opens the plug-in it is given. */
#include <dlfcn.h>
#include <stdio.h>

const char *runpath_name(void);
int runpath_open(const char *name);

#ifdef NAME
const char *runpath_name(void)
{
	return NAME;
}
#endif

#ifdef PLUGIN
int runpath_open(const char *name)
{
	void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
	const char *(*next)(void) = (const char *(*)(void))dlsym(RTLD_NEXT, "runpath_name");

	if (!library) {
		printf("%s\n", dlerror());
		return 1;
	}
	printf("opened, the next is %s\n", next ? next() : "none");
	return 0;
}
#endif

#ifdef PROGRAM
int main(int argc, char **argv)
{
	void *plugin = argc > 2 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;
	int (*open)(const char *) =
		plugin ? (int (*)(const char *))dlsym(plugin, "runpath_open") : NULL;

	return open ? open(argv[2]) : 2;
}
#endif
