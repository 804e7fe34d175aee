/* A plug-in and a program that both have `bound_name`: the loader decides whose it is. */
#include <dlfcn.h>
#include <stdio.h>

const char *bound_name(void);
void bound_say(void);

#ifdef PLUGIN
const char *bound_name(void)
{
	return "the plug-in's";
}

void bound_say(void)
{
	puts(bound_name());
}
#else
const char *bound_name(void)
{
	return "the program's";
}

int main(int argc, char **argv)
{
	void *plugin = argc > 1 ? dlopen(argv[1], RTLD_NOW | RTLD_DEEPBIND) : NULL;
	void (*say)(void) = plugin ? (void (*)(void))dlsym(plugin, "bound_say") : NULL;

	if (!say)
		return 1;
	say();
	return 0;
}
#endif
