/* A program without libpq asks for libpq's functions in every way, before and after each
 * argument is opened RTLD_LOCAL, and prints what dlerror() says.
 */
#include <dlfcn.h>
#include <stdio.h>

static void ask(void *handle, const char *where, const char *name)
{
	void *function = dlsym(handle, name);
	const char *error = dlerror();

	printf("%s in %s: %s, %s\n", name, where, function ? "found" : "none",
	       error ? error : "no error");
	error = dlerror();
	printf("and then: %s\n", error ? error : "no error");
}

static void ask_all(void *handle, const char *where)
{
	ask(handle, where, "PQfinish");
	ask(handle, where, "PQnobody");
	ask(handle, where, "lo_open");
}

static void ask_everywhere(void)
{
	ask_all(RTLD_DEFAULT, "the default scope");
	ask_all(RTLD_NEXT, "the next");
	ask_all(dlopen(NULL, RTLD_LAZY), "the program");
	ask_all(dlopen("libc.so.6", RTLD_LAZY), "libc");
}

int main(int argc, char **argv)
{
	ask_everywhere();
	for (int index = 1; index < argc; index++) {
		void *handle = dlopen(argv[index], RTLD_NOW | RTLD_LOCAL);

		if (handle == NULL)
			puts(dlerror());
		ask_all(handle, argv[index]);
		ask_everywhere();
	}
	return 0;
}
