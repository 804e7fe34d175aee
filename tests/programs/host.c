/* A program that has no libpq and opens plug-ins that do, RTLD_LOCAL, as
 * interpreters do. Each argument is a plug-in to talk through; `-forget` before one
 * leaves its connection open, `-unload` closes the plug-in afterwards; after `-deep` they
 * are opened RTLD_DEEPBIND, as PHP does, and after `-global` RTLD_GLOBAL.
 */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int run_plugin(const char *path, int mode, bool is_forgetful, bool is_unloaded)
{
	void *plugin = dlopen(path, mode);
	int (*talk)(void);
	void *(*forget)(void);

	if (plugin == NULL) {
		fprintf(stderr, "%s\n", dlerror());
		return 1;
	}
	*(void **)&talk = dlsym(plugin, "plugin_talk");
	*(void **)&forget = dlsym(plugin, "plugin_forget");
	if (is_forgetful ? forget() == NULL : talk() != 0)
		return 1;
	if (is_unloaded && dlclose(plugin) != 0)
		return 1;
	return 0;
}

int main(int argc, char **argv)
{
	bool is_forgetful = false, is_unloaded = false;
	int mode = RTLD_NOW | RTLD_LOCAL;

	for (int index = 1; index < argc; index++) {
		if (strcmp(argv[index], "-forget") == 0)
			is_forgetful = true;
		else if (strcmp(argv[index], "-unload") == 0)
			is_unloaded = true;
		else if (strcmp(argv[index], "-deep") == 0)
			mode = RTLD_LAZY | RTLD_GLOBAL | RTLD_DEEPBIND;
		else if (strcmp(argv[index], "-global") == 0)
			mode = RTLD_LAZY | RTLD_GLOBAL;
		else if (run_plugin(argv[index], mode, is_forgetful, is_unloaded) != 0)
			return 1;
	}
	return 0;
}
