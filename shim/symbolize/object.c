#include "symbolize/object.h"

#include <elfutils/libdwfl.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "symbolize/debug_info.h"
#include "symbolize/symbol_table.h"

enum { BUILD_ID_MAX = 64 };

struct object {
	Dwfl_Callbacks callbacks; /* libdwfl keeps a pointer to it */
	Dwfl *dwfl;               /* NULL: no file */
	Dwfl_Module *module;
	struct symbol_table *symbols; /* these two at the first question that needs them */
	struct debug_info *info;
	Dwarf_Addr dwarf_bias;
	bool are_symbols_loaded, is_loaded;
	char problem[160];
};

static int open_file(const char *path)
{
	struct stat status;
	/* Without O_NONBLOCK a path that is a FIFO would stop us here. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
		close(fd);
		return -ENOEXEC;
	}
	return fd;
}

static void close_file(struct object *object)
{
	if (object->dwfl)
		dwfl_end(object->dwfl);
	object->dwfl = NULL;
	object->module = NULL;
}

static bool is_loadable(Dwfl_Module *module)
{
	GElf_Addr bias;
	GElf_Ehdr header;
	Elf *elf = dwfl_module_getelf(module, &bias);

	return elf && gelf_getehdr(elf, &header) &&
	       (header.e_type == ET_DYN || header.e_type == ET_EXEC);
}

/* At address 0, so that the file's own addresses are the addresses. */
static bool report_file(struct object *object, const char *path, int fd)
{
	object->dwfl = dwfl_begin(&object->callbacks);
	if (object->dwfl)
		object->module = dwfl_report_elf(object->dwfl, path, path, fd, 0, true);
	if (!object->module)
		close(fd);
	else if (dwfl_report_end(object->dwfl, NULL, NULL) == 0 && is_loadable(object->module))
		return true;
	close_file(object);
	return false;
}

static bool has_build_id(Dwfl_Module *module, const struct symbolizer_module *wanted)
{
	const unsigned char *bits;
	GElf_Addr address;
	int length = dwfl_module_build_id(module, &bits, &address);

	return length > 0 && (size_t)length == wanted->build_id_length &&
	       memcmp(bits, wanted->build_id, wanted->build_id_length) == 0;
}

static bool use_file(struct object *object, const char *path,
		     const struct symbolizer_module *wanted)
{
	int fd = open_file(path);

	if (fd == -ENOEXEC) {
		snprintf(object->problem, sizeof(object->problem), "the path is no regular file");
		return false;
	}
	if (fd < 0) {
		snprintf(object->problem, sizeof(object->problem), "the file cannot be opened: %s",
			 strerror(-fd));
		return false;
	}
	if (!report_file(object, path, fd)) {
		snprintf(object->problem, sizeof(object->problem),
			 "the file is no program or shared library");
		return false;
	}
	if (wanted->build_id_length && !has_build_id(object->module, wanted)) {
		snprintf(object->problem, sizeof(object->problem), "the file has another build-id");
		close_file(object);
		return false;
	}
	object->problem[0] = 0;
	return true;
}

static void format_build_id_path(char *path, size_t size, const char *directory,
				 size_t directory_length, const struct symbolizer_module *module)
{
	int length = snprintf(path, size, "%.*s/.build-id/%02x/", (int)directory_length,
			      directory, module->build_id[0]);

	for (size_t i = 1; i < module->build_id_length; i++)
		length += snprintf(path + length, size - (size_t)length, "%02x",
				   module->build_id[i]);
	snprintf(path + length, size - (size_t)length, ".debug");
}

/* A library that was upgraded since may have left its debug file behind, which
 * has all symbols and the same addresses. */
static bool use_debug_file(struct object *object, const char *search_path,
			   const struct symbolizer_module *wanted)
{
	char path[4096 + 3 * BUILD_ID_MAX];
	char problem[sizeof(object->problem)];
	size_t length;

	memcpy(problem, object->problem, sizeof(problem));
	for (const char *at = search_path; *at; at += length + (at[length] == ':')) {
		length = strcspn(at, ":");
		if (at[0] != '/' || length > 4096)
			continue;
		format_build_id_path(path, sizeof(path), at, length, wanted);
		if (use_file(object, path, wanted))
			return true;
	}
	memcpy(object->problem, problem, sizeof(problem));
	return false;
}

static void find_file(struct object *object, const struct symbolizer_module *module)
{
	bool has_id = module->build_id_length > 1;

	/* "linux-vdso.so.1" and the like: only a build-id can make sure that a
	 * file of this name in our own directory is what ran. */
	if (module->path[0] != '/' && !has_id)
		snprintf(object->problem, sizeof(object->problem), "the path is not absolute");
	else if (!use_file(object, module->path, module) && has_id)
		use_debug_file(object, *object->callbacks.debuginfo_path, module);
}

struct object *object_new(const struct symbolizer_module *module, char **debug_path)
{
	struct object *object = calloc(1, sizeof(*object));

	if (!object)
		return NULL;
	object->callbacks.find_elf = dwfl_build_id_find_elf;
	object->callbacks.find_debuginfo = dwfl_standard_find_debuginfo;
	object->callbacks.section_address = dwfl_offline_section_address;
	object->callbacks.debuginfo_path = debug_path;
	if (module->build_id_length > BUILD_ID_MAX)
		snprintf(object->problem, sizeof(object->problem), "the build-id is too long");
	else
		find_file(object, module);
	return object;
}

void object_free(struct object *object)
{
	if (!object)
		return;
	debug_info_free(object->info);
	symbol_table_free(object->symbols);
	close_file(object);
	free(object);
}

const char *object_problem(const struct object *object)
{
	return object->problem[0] ? object->problem : NULL;
}

/* No symbol table but the dynamic one, here or in a debug file. */
static bool is_stripped(Dwfl_Module *module)
{
	const char *debug_file = NULL;
	GElf_Addr bias;
	GElf_Shdr header;
	Elf *elf = dwfl_module_getelf(module, &bias);
	Elf_Scn *section = NULL;

	dwfl_module_info(module, NULL, NULL, NULL, NULL, NULL, NULL, &debug_file);
	if (debug_file)
		return false;
	while (elf && (section = elf_nextscn(elf, section)))
		if (gelf_getshdr(section, &header) && header.sh_type == SHT_SYMTAB)
			return false;
	return true;
}

static void load_symbols(struct object *object)
{
	if (!object->are_symbols_loaded)
		object->symbols = symbol_table_new(object->module);
	object->are_symbols_loaded = true;
}

static void load(struct object *object)
{
	Dwarf *dwarf = dwfl_module_getdwarf(object->module, &object->dwarf_bias);

	object->is_loaded = true;
	if (dwarf)
		object->info = debug_info_new(dwarf);
	load_symbols(object);
	if (!object->info && object->symbols && !symbol_table_count(object->symbols))
		snprintf(object->problem, sizeof(object->problem), "the file has no symbols");
	else if (!object->info && object->symbols && is_stripped(object->module))
		snprintf(object->problem, sizeof(object->problem),
			 "the file is stripped, only what it exports has a name");
}

static bool is_mangled(const char *name)
{
	return strncmp(name, "_Z", 2) == 0;
}

/* Assembly and units without functions have lines but no names; C++ functions on
 * local types, such as lambdas, only a short name without arguments. */
static size_t add_symbol(struct object *object, uint64_t address,
			 struct unit_location *locations, size_t count)
{
	const char *name = symbol_table_find(object->symbols, address);
	struct unit_location *outermost = count ? &locations[count - 1] : &locations[0];

	if (!name)
		return count;
	if (!count)
		*outermost = (struct unit_location){ 0 };
	if (!outermost->function || (!is_mangled(outermost->function) && is_mangled(name)))
		outermost->function = name;
	return count ? count : 1;
}

size_t object_find(struct object *object, uint64_t address, struct unit_location *locations,
		   size_t max)
{
	size_t count = 0;

	if (!object->dwfl)
		return 0;
	if (!object->is_loaded)
		load(object);
	if (object->info)
		count = debug_info_find(object->info, address - object->dwarf_bias, locations, max);
	if (object->symbols)
		count = add_symbol(object, address, locations, count);
	return count;
}

size_t object_name(struct object *object, uint64_t address, struct unit_location *location)
{
	if (!object->dwfl)
		return 0;
	load_symbols(object);
	return object->symbols ? add_symbol(object, address, location, 0) : 0;
}
