#include "cli/doctor_object.h"

#include <fcntl.h>
#include <gelf.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/doctor_clients.h"
#include "cli/doctor_maps.h"

/* Messages of libpq's C code, the same from 12 to 18; each from another of its files, and
 * none that a driver of another language would have. */
static const struct {
	const char *first, *second; /* in halves: the doctor itself is no libpq */
} libpq_texts[] = {
	{ "arrived from server", " while idle" },
	{ "without prior row description", " (\"T\" message)" },
	{ "lost synchronization with server:", " got message type" },
	{ "missing \"=\" after \"%s\"", " in connection info string" },
};

/* Through the process's own root, as long as it is there. Returns a descriptor or -1. */
static int object_open(const struct object *object, pid_t pid)
{
	char path[PATH_MAX + 32];
	struct stat status;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/root%s", (int)pid, object->path);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		fd = open(object->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd >= 0 && (fstat(fd, &status) || !S_ISREG(status.st_mode))) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static bool section_exports(Elf *elf, Elf_Scn *section, const GElf_Shdr *header)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t count = header->sh_entsize ? header->sh_size / header->sh_entsize : 0;
	unsigned found = 0;
	GElf_Sym symbol;

	for (size_t i = 0; data && i < count && i < INT_MAX; i++) {
		const char *name;

		if (!gelf_getsym(data, (int)i, &symbol) || symbol.st_shndx == SHN_UNDEF)
			continue;
		name = elf_strptr(elf, header->sh_link, symbol.st_name);
		found += name && (!strcmp(name, "PQconnectPoll") || !strcmp(name, "PQfinish"));
	}
	return found >= 2;
}

static void add_needed(struct object *object, const char *name)
{
	char **more = reallocarray(object->needed, object->needed_count + 1, sizeof(*more));
	char *copy = name ? strdup(name) : NULL;

	if (more)
		object->needed = more;
	if (more && copy)
		object->needed[object->needed_count++] = copy;
	else
		free(copy);
}

static void dynamic_read(struct object *object, Elf *elf, Elf_Scn *section,
			 const GElf_Shdr *header)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t count = header->sh_entsize ? header->sh_size / header->sh_entsize : 0;
	GElf_Dyn entry;

	for (size_t i = 0; data && i < count && i < INT_MAX; i++) {
		const char *name;

		if (!gelf_getdyn(data, (int)i, &entry) || entry.d_tag == DT_NULL)
			return;
		name = elf_strptr(elf, header->sh_link, entry.d_un.d_val);
		if (entry.d_tag == DT_NEEDED)
			add_needed(object, name);
		else if (entry.d_tag == DT_SONAME && name && !object->name)
			object->name = strdup(name);
	}
}

static bool names_loader(Elf *elf)
{
	size_t count;
	GElf_Phdr header;

	if (elf_getphdrnum(elf, &count))
		return false;
	for (size_t i = 0; i < count && i < INT_MAX; i++) {
		if (gelf_getphdr(elf, (int)i, &header) && header.p_type == PT_INTERP)
			return true;
	}
	return false;
}

/* A library may have an interpreter, too (libc can be run): but a name of its own. */
static void object_classify(struct object *object, Elf *elf)
{
	Elf_Scn *section = NULL;
	GElf_Ehdr head;
	GElf_Shdr header;
	bool exports = false;

	if (!gelf_getehdr(elf, &head))
		return;
	while ((section = elf_nextscn(elf, section))) {
		if (!gelf_getshdr(section, &header))
			continue;
		if (header.sh_type == SHT_DYNSYM)
			exports = section_exports(elf, section, &header);
		else if (header.sh_type == SHT_DYNAMIC)
			dynamic_read(object, elf, section, &header);
	}
	object->is_read = true;
	object->has_loader = names_loader(elf);
	object->is_program = head.e_type == ET_EXEC || (object->has_loader && !object->name);
	object->is_libpq = exports && !object->is_program;
}

static void object_read(struct object *object, pid_t pid)
{
	int fd = object_open(object, pid);
	Elf *elf;

	if (fd < 0)
		return;
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (elf && elf_kind(elf) == ELF_K_ELF)
		object_classify(object, elf);
	elf_end(elf);
	close(fd);
}

struct object *objects_find(struct objects *objects, pid_t pid, const char *path)
{
	struct object **more, *object;

	for (size_t i = 0; i < objects->count; i++) {
		if (!strcmp(objects->items[i]->path, path))
			return objects->items[i];
	}
	object = calloc(1, sizeof(*object));
	if (object)
		object->path = strdup(path);
	more = reallocarray(objects->items, objects->count + 1, sizeof(struct object *));
	if (more)
		objects->items = more;
	if (!object || !object->path || !more) {
		if (object)
			free(object->path);
		free(object);
		return NULL;
	}
	objects->items[objects->count++] = object;
	object_read(object, pid);
	return object;
}

static bool has_text(const char *bytes, size_t size, const char *first, const char *second)
{
	const char *end = bytes + size, *at = bytes;
	size_t length = strlen(first), rest = strlen(second);

	while ((at = memmem(at, (size_t)(end - at), first, length))) {
		at += length;
		if ((size_t)(end - at) >= rest && !memcmp(at, second, rest))
			return true;
	}
	return false;
}

static bool has_libpq(const char *bytes, size_t size)
{
	for (size_t i = 0; i < sizeof(libpq_texts) / sizeof(libpq_texts[0]); i++) {
		if (!has_text(bytes, size, libpq_texts[i].first, libpq_texts[i].second))
			return false;
	}
	return true;
}

void object_search(struct object *object, pid_t pid)
{
	struct stat status;
	void *bytes = MAP_FAILED;
	int fd = object->is_searched ? -1 : object_open(object, pid);

	object->is_searched = true;
	if (fd < 0)
		return;
	if (!fstat(fd, &status) && status.st_size > 0)
		bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (bytes == MAP_FAILED)
		return;
	object->has_libpq = !object->is_libpq && has_libpq(bytes, (size_t)status.st_size);
	if (!object->is_libpq && !object->has_libpq)
		object->client = client_by_text(bytes, (size_t)status.st_size);
	munmap(bytes, (size_t)status.st_size);
}

void objects_finish(struct objects *objects)
{
	for (size_t i = 0; i < objects->count; i++) {
		struct object *object = objects->items[i];

		for (size_t j = 0; j < object->needed_count; j++)
			free(object->needed[j]);
		free(object->needed);
		free(object->name);
		free(object->path);
		free(object);
	}
	free(objects->items);
	*objects = (struct objects){ 0 };
}

int object_major(const struct object *object)
{
	const char *end = strrchr(path_name(object->path), '.');
	int major;

	/* Not the 5 of libpq.so.5, which all versions have. */
	if (end && sscanf(end, ".%d", &major) == 1 && major >= 9 && major < 100)
		return major;
	return 0;
}
