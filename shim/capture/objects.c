#include "capture/objects.h"

#include <errno.h>
#include <link.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "capture/gate.h"

extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));
extern const char _end __attribute__((visibility("hidden")));

static uintptr_t other_start, other_end; /* of another shim */

static bool is_own(uintptr_t address)
{
	return address >= (uintptr_t)&__ehdr_start && address < (uintptr_t)&_end;
}

bool object_is_shim(uintptr_t address)
{
	return is_own(address) || (address >= other_start && address < other_end);
}

static void list_visit(int (*visit)(struct dl_phdr_info *, size_t, void *), void *data)
{
	gate_enter();
	dl_iterate_phdr(visit, data);
	gate_leave();
}

struct extent {
	uintptr_t start, end;
};

static struct extent extent_of(const struct dl_phdr_info *info)
{
	struct extent extent = { UINTPTR_MAX, 0 };

	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + header->p_vaddr;

		if (header->p_type != PT_LOAD)
			continue;
		if (start < extent.start)
			extent.start = start;
		if (start + header->p_memsz > extent.end)
			extent.end = start + header->p_memsz;
	}
	return extent;
}

static void object_read_extent(struct object *object, const struct dl_phdr_info *info)
{
	struct extent extent = extent_of(info);

	object->start = extent.start;
	object->end = extent.end;
	object->bias = info->dlpi_addr;
}

static size_t align_4(size_t size)
{
	return (size + 3) & ~(size_t)3;
}

static void object_read_note(struct object *object, const char *notes, size_t size)
{
	while (size >= sizeof(ElfW(Nhdr))) {
		const ElfW(Nhdr) *note = (const void *)notes;
		size_t name = align_4(note->n_namesz), description = align_4(note->n_descsz);
		size_t whole = sizeof(*note) + name + description;

		if (whole > size)
			return;
		if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 &&
		    !memcmp(note + 1, "GNU", 4) && note->n_descsz <= LEDGER_BUILD_ID_MAX) {
			object->build_id_length = note->n_descsz;
			memcpy(object->build_id, (const char *)(note + 1) + name, note->n_descsz);
			return;
		}
		notes += whole;
		size -= whole;
	}
}

static void object_read(struct object *object, const struct dl_phdr_info *info, size_t order)
{
	struct text path;

	object->order = order;
	object->is_main = !order;
	object->build_id_length = 0;
	memset(object->build_id, 0, sizeof(object->build_id));
	text_init(&path, object->path, sizeof(object->path));
	text_add(&path, info->dlpi_name ? info->dlpi_name : "");
	for (size_t i = 0; i < info->dlpi_phnum && !object->build_id_length; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];

		if (header->p_type == PT_NOTE)
			object_read_note(object, (const char *)(info->dlpi_addr + header->p_vaddr),
					 header->p_memsz);
	}
}

struct cover {
	const uintptr_t *addresses;
	size_t count;
	struct object *objects;
	size_t object_count, object_max;
	uint8_t *indexes;
	size_t order;
};

static int cover_object(struct dl_phdr_info *info, size_t size, void *data)
{
	struct cover *cover = data;
	struct object *object = &cover->objects[cover->object_count];
	size_t order = cover->order++;
	bool is_read = false;

	(void)size;
	if (cover->object_count == cover->object_max)
		return 1;
	object_read_extent(object, info);
	for (size_t i = 0; i < cover->count; i++) {
		if (cover->addresses[i] < object->start || cover->addresses[i] >= object->end)
			continue;
		if (!is_read)
			object_read(object, info, order);
		is_read = true;
		cover->indexes[i] = (uint8_t)cover->object_count;
	}
	cover->object_count += is_read;
	return 0;
}

size_t objects_cover(const uintptr_t *addresses, size_t count, struct object *objects,
		     size_t max, uint8_t *indexes)
{
	int error = errno;
	struct cover cover = { .addresses = addresses, .count = count, .objects = objects,
			       .object_max = max, .indexes = indexes };

	memset(indexes, OBJECT_NONE, count);
	list_visit(cover_object, &cover);
	errno = error;
	return cover.object_count;
}

struct named {
	const char *prefix;
	struct object *objects;
	size_t count, max;
	size_t order;
};

static bool has_prefix(const struct dl_phdr_info *info, const char *prefix)
{
	const char *path = info->dlpi_name ? info->dlpi_name : "";
	const char *slash = strrchr(path, '/');

	return !strncmp(slash ? slash + 1 : path, prefix, strlen(prefix));
}

static int name_object(struct dl_phdr_info *info, size_t size, void *data)
{
	struct named *named = data;
	size_t order = named->order++;

	(void)size;
	if (named->count < named->max && has_prefix(info, named->prefix)) {
		object_read_extent(&named->objects[named->count], info);
		object_read(&named->objects[named->count++], info, order);
	}
	return 0;
}

size_t objects_named(const char *prefix, struct object *objects, size_t max)
{
	int error = errno;
	struct named named = { .prefix = prefix, .objects = objects, .max = max };

	list_visit(name_object, &named);
	errno = error;
	return named.count;
}

struct shims {
	struct extent extents[2];
	size_t count;
};

static int find_shim(struct dl_phdr_info *info, size_t size, void *data)
{
	struct shims *shims = data;

	(void)size;
	if (shims->count < 2 && has_prefix(info, "libpqleak.so"))
		shims->extents[shims->count++] = extent_of(info);
	return 0;
}

bool objects_shim_is_first(void)
{
	struct shims shims = { .count = 0 };
	bool is_first;

	list_visit(find_shim, &shims);
	is_first = !shims.count || is_own(shims.extents[0].start);
	if (shims.count == 2) {
		other_start = shims.extents[is_first].start;
		other_end = shims.extents[is_first].end;
	}
	return is_first;
}

static int read_generation(struct dl_phdr_info *info, size_t size, void *data)
{
	(void)size;
	*(uint64_t *)data = info->dlpi_adds + info->dlpi_subs;
	return 1;
}

uint64_t objects_generation(void)
{
	uint64_t generation = 0;

	list_visit(read_generation, &generation);
	return generation;
}

static uint64_t initial_count;

/* Nothing was unloaded yet: the generation is the number of objects. */
__attribute__((constructor)) static void read_initial(void)
{
	initial_count = objects_generation();
}

/* What is initialized before the shim was loaded with the program. */
bool object_is_initial(const struct object *object)
{
	return !initial_count || object->order < initial_count;
}

static int read_main(struct dl_phdr_info *info, size_t size, void *data)
{
	(void)size;
	*(struct extent *)data = extent_of(info);
	return 1;
}

bool object_is_main(uintptr_t address)
{
	static uintptr_t start, end; /* never change; read twice at worst */

	if (!__atomic_load_n(&end, __ATOMIC_ACQUIRE)) {
		struct extent extent = { 0 };

		list_visit(read_main, &extent);
		start = extent.start;
		__atomic_store_n(&end, extent.end, __ATOMIC_RELEASE);
	}
	return address >= start && address < __atomic_load_n(&end, __ATOMIC_ACQUIRE);
}

void object_path(const struct object *object, char *ret_path)
{
	int error = errno;
	struct text path;

	text_init(&path, ret_path, PATH_MAX);
	if (object->is_main || !object->path[0]) {
		ssize_t length = readlink("/proc/self/exe", ret_path, PATH_MAX - 1);

		ret_path[length > 0 ? length : 0] = 0;
	} else if (object->path[0] != '/' && strchr(object->path, '/') &&
		   getcwd(ret_path, PATH_MAX)) {
		/* Opened by a relative path: what the report looks for is absolute. */
		path.length = strlen(ret_path);
		text_add(&path, "/");
		text_add(&path, object->path);
	} else {
		text_add(&path, object->path);
	}
	errno = error;
}
