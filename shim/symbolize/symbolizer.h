/* From module and offset to function, file and line, inlined callers included:
 * elfutils libdwfl over the files on disk, build-id directories and .gnu_debuglink
 * files; never the network unless `use_debuginfod`.
 *
 * Context: the companion only. One thread.
 */
#ifndef SYMBOLIZE_SYMBOLIZER_H
#define SYMBOLIZE_SYMBOLIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct symbolizer;

struct symbolizer_options {
	const char *debug_path; /* as GDB's debug-file-directory, NULL: libdwfl's default */
	bool use_debuginfod;    /* ask the servers of DEBUGINFOD_URLS */
};

struct symbolizer_module {
	const char *path;         /* a file on this machine */
	const uint8_t *build_id;  /* of the object that ran; a file with another is not used */
	size_t build_id_length;   /* 0: unknown, any file serves */
	/* The symbol's name will do, where there is one: no line, no inlined callers. It spares
	 * the debug information, which takes long to unpack: libc's 40 ms. */
	bool is_name_enough;
};

/* Strings live as long as the symbolizer. */
struct symbolizer_location {
	const char *function; /* demangled; NULL unknown */
	const char *file;     /* NULL unknown */
	uint32_t line;        /* 0 unknown */
	bool is_inlined;      /* into the next location */
};

enum { SYMBOLIZER_INLINE_MAX = 16 };

/* NULL only when out of memory. Caller frees with symbolizer_free. */
struct symbolizer *symbolizer_new(const struct symbolizer_options *options);
void symbolizer_free(struct symbolizer *symbolizer);

/* Finds `offset` (an ELF address of the module: p_vaddr terms; the caller has
 * subtracted 1 from a return address). Fills at most SYMBOLIZER_INLINE_MAX
 * locations, innermost first; returns how many, 0 when nothing is known. */
size_t symbolizer_find(struct symbolizer *symbolizer, const struct symbolizer_module *module,
		       uint64_t offset, struct symbolizer_location *locations);

/* Why a module gave no names ("the file has another build-id"), or NULL. */
const char *symbolizer_problem(struct symbolizer *symbolizer,
			       const struct symbolizer_module *module);

#endif
