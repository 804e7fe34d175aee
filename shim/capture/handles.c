#include "capture/handles.h"

#include <errno.h>

#include "base/memory.h"
#include "capture/leaf.h"
#include "capture/registry.h"

enum {
	LEAF_CHUNK = 64 << 10,
	DEPTH_MAX = 20, /* of the hash's bits: a leaf needs the rest */
	LOOKS_MAX = 1000
};

struct handle_directory {
	unsigned depth;
	struct handle_leaf *leaves[]; /* each in 2^(its depth less) places */
};

/* Two shifts: one by 64 is none. */
static size_t place_of(uint64_t hash, unsigned depth)
{
	return (size_t)(hash >> 1 >> (63 - depth));
}

static struct handle_leaf *leaf_of(const struct handle_directory *directory, uint64_t hash)
{
	return __atomic_load_n(&directory->leaves[place_of(hash, directory->depth)],
			       __ATOMIC_ACQUIRE);
}

struct connection *handles_find(const struct handles *handles, const PGconn *handle)
{
	const struct handle_directory *directory = __atomic_load_n(&handles->directory,
								   __ATOMIC_ACQUIRE);
	uint64_t hash = hash_of(handle);

	return directory ? leaf_find(leaf_of(directory, hash), handle) : NULL;
}

bool handles_look(const struct handles *handles, const PGconn *handle,
		  struct connection **ret_connection)
{
	for (unsigned look = 0; look < LOOKS_MAX; look++) {
		uint64_t version = __atomic_load_n(&handles->version, __ATOMIC_ACQUIRE);
		struct connection *found = handles_find(handles, handle);

		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (found || (!(version & 1) &&
			      __atomic_load_n(&handles->version, __ATOMIC_RELAXED) == version)) {
			*ret_connection = found;
			return true;
		}
	}
	return false;
}

static struct handle_leaf *leaf_take(struct handles *handles, uint32_t depth)
{
	struct handle_leaf *leaf = handles->free_list;

	if (leaf) {
		handles->free_list = leaf->next_free;
		leaf_clear(leaf);
	} else {
		if (!handles->fresh_count) {
			handles->fresh = memory_map(LEAF_CHUNK);
			handles->fresh_count = handles->fresh ? LEAF_CHUNK / sizeof(*leaf) : 0;
		}
		if (!handles->fresh_count)
			return NULL;
		handles->fresh_count--;
		leaf = handles->fresh++;
	}
	leaf->depth = depth;
	return leaf;
}

static void leaf_give(struct handles *handles, struct handle_leaf *leaf)
{
	leaf->next_free = handles->free_list;
	handles->free_list = leaf;
}

static struct handle_directory *directory_map(unsigned depth)
{
	struct handle_directory *directory =
		memory_map(sizeof(*directory) + (sizeof(*directory->leaves) << depth));

	if (directory)
		directory->depth = depth;
	return directory;
}

static int directory_begin(struct handles *handles)
{
	struct handle_directory *directory = directory_map(0);
	struct handle_leaf *leaf = directory ? leaf_take(handles, 0) : NULL;

	if (!leaf) {
		memory_unmap(directory, sizeof(*directory) + sizeof(leaf));
		return -ENOMEM;
	}
	directory->leaves[0] = leaf;
	__atomic_store_n(&handles->directory, directory, __ATOMIC_RELEASE);
	return 0;
}

/* The old one stays: somebody may be reading it. All old ones together are smaller than
 * the newest. */
static int directory_double(struct handles *handles)
{
	const struct handle_directory *old = handles->directory;
	struct handle_directory *directory = directory_map(old->depth + 1);

	if (!directory)
		return -ENOMEM;
	for (size_t i = 0; i < (size_t)1 << directory->depth; i++)
		directory->leaves[i] = old->leaves[i / 2];
	__atomic_store_n(&handles->directory, directory, __ATOMIC_RELEASE);
	return 0;
}

static void change_begin(struct handles *handles)
{
	__atomic_store_n(&handles->version, handles->version + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

static void change_end(struct handles *handles)
{
	__atomic_store_n(&handles->version, handles->version + 1, __ATOMIC_RELEASE);
}

/* In all its places of the directory. */
static void leaf_publish(const struct handles *handles, struct handle_leaf *leaf, uint64_t hash)
{
	struct handle_directory *directory = handles->directory;
	unsigned less = directory->depth - leaf->depth;
	size_t first = place_of(hash, leaf->depth) << less;

	for (size_t i = 0; i < (size_t)1 << less; i++)
		__atomic_store_n(&directory->leaves[first + i], leaf, __ATOMIC_RELEASE);
}

/* Into those whose next bit is 0 or 1. */
static int leaf_split(struct handles *handles, struct handle_leaf *leaf, uint64_t hash)
{
	uint64_t bit = UINT64_C(1) << (63 - leaf->depth);
	struct handle_leaf *halves[2] = { NULL, NULL };
	int error = leaf->depth == DEPTH_MAX ? -ENOMEM : 0;

	for (int i = 0; !error && i < 2; i++) {
		halves[i] = leaf_take(handles, leaf->depth + 1);
		error = halves[i] ? 0 : -ENOMEM;
	}
	if (!error && leaf->depth == handles->directory->depth)
		error = directory_double(handles);
	if (error) {
		for (int i = 0; i < 2 && halves[i]; i++)
			leaf_give(handles, halves[i]);
		return error;
	}
	for (size_t at = 0; at < LEAF_SLOTS; at++) {
		struct connection *connection = leaf_at(leaf, at);

		if (connection)
			leaf_put(halves[(hash_of(connection->handle) & bit) != 0], connection);
	}
	leaf_publish(handles, halves[0], hash & ~bit);
	leaf_publish(handles, halves[1], hash | bit);
	change_begin(handles);
	change_end(handles);
	leaf_give(handles, leaf);
	return 0;
}

/* The leaf that has room for the hash; NULL when there is no memory. */
static struct handle_leaf *leaf_with_room(struct handles *handles, uint64_t hash)
{
	int error = handles->directory ? 0 : directory_begin(handles);
	struct handle_leaf *leaf = NULL;

	while (!error && (leaf = leaf_of(handles->directory, hash))->count >= LEAF_FULL)
		error = leaf_split(handles, leaf, hash);
	/* One that cannot be split serves until it is full: an empty slot ends a search. */
	return leaf && leaf->count < LEAF_MAX ? leaf : NULL;
}

int handles_reserve(struct handles *handles, const PGconn *handle)
{
	return leaf_with_room(handles, hash_of(handle)) ? 0 : -ENOMEM;
}

int handles_add(struct handles *handles, struct connection *connection)
{
	struct handle_leaf *leaf = leaf_with_room(handles, hash_of(connection->handle));

	if (!leaf)
		return -ENOMEM;
	leaf_put(leaf, connection);
	handles->count++;
	return 0;
}

void handles_remove(struct handles *handles, const struct connection *connection)
{
	struct handle_leaf *leaf = leaf_of(handles->directory, hash_of(connection->handle));

	change_begin(handles);
	leaf_remove(leaf, connection);
	change_end(handles);
	handles->count--;
}

void handles_each(const struct handles *handles, void (*visit)(struct connection *))
{
	const struct handle_directory *directory = handles->directory;

	for (size_t i = 0; directory && i < (size_t)1 << directory->depth;) {
		const struct handle_leaf *leaf = directory->leaves[i];

		for (size_t at = 0; at < LEAF_SLOTS; at++) {
			if (leaf_at(leaf, at))
				visit(leaf_at(leaf, at));
		}
		i += (size_t)1 << (directory->depth - leaf->depth);
	}
}
