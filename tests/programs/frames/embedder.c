/* A program with a Python of its own in a plug-in, as editors and web servers have: libpython
 * is opened RTLD_LOCAL, started, ended, started again and unloaded.
 *
 *     embedder libpython.so
 *
 * Prints a line a step: the functions on the stack, innermost first.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frames/language.h"

/* PyMethodDef of every version. */
struct method {
	const char *name;
	void *(*function)(void *self, void *arguments);
	int flags;
	const char *help;
};

enum { NO_ARGUMENTS = 4 }; /* METH_NOARGS */

static void *library;

static void *need(const char *name)
{
	void *address = dlsym(library, name);

	if (address == NULL) {
		fprintf(stderr, "%s\n", dlerror());
		exit(2);
	}
	return address;
}

static void print_stack(const char *step)
{
	static struct language_description description;
	struct language_frame frames[16];
	bool is_truncated;
	size_t count = python.walk(frames, 16, &is_truncated);

	printf("%s:", step);
	for (size_t i = 0; i < count; i++)
		if (python.describe(&frames[i], &description) == 0)
			printf(" %s", description.function);
	printf("\n");
}

static void *show(void *self, void *arguments)
{
	void *(*none)(const char *format) = (void *(*)(const char *))need("Py_BuildValue");

	(void)self;
	(void)arguments;
	print_stack("inside");
	return none("");
}

static void run_python(void)
{
	static struct method method = { "show", show, NO_ARGUMENTS, NULL };
	void (*begin)(int) = (void (*)(int))need("Py_InitializeEx");
	void (*end)(void) = (void (*)(void))need("Py_Finalize");
	void *(*make)(struct method *, void *, void *) =
		(void *(*)(struct method *, void *, void *))need("PyCFunction_NewEx");
	void *(*module)(const char *) = (void *(*)(const char *))need("PyImport_AddModule");
	int (*set)(void *, const char *, void *) =
		(int (*)(void *, const char *, void *))need("PyObject_SetAttrString");
	int (*run)(const char *) = (int (*)(const char *))need("PyRun_SimpleString");

	begin(0);
	print_stack("begun");
	set(module("__main__"), "show", make(&method, NULL, NULL));
	run("def inner():\n    show()\ndef outer():\n    inner()\nouter()\n");
	end();
	print_stack("ended");
}

static void open_library(const char *path)
{
	library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (library == NULL) {
		fprintf(stderr, "%s\n", dlerror());
		exit(2);
	}
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	printf("before: %d\n", (int)python.attach());
	open_library(argv[1]);
	printf("opened: %d\n", (int)python.attach());
	run_python();
	run_python();
	dlclose(library);
	print_stack("closed");
	printf("loaded: %s\n", dlopen(argv[1], RTLD_NOW | RTLD_NOLOAD) ? "still" : "no more");
	return 0;
}
