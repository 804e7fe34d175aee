/* A language's frames, read from inside a libpq call in the thread that made it.
 *
 * That thread's own frames cannot change while it is in libpq, whether or not it
 * holds the interpreter's lock; other threads' objects can. Nothing of the
 * language is needed at build time: everything is found with dlsym at run time.
 *
 * No function here allocates, takes an interpreter's lock, runs the
 * interpreter's code that could, or changes errno. All are for any thread, in
 * normal context (never in a signal handler). A surprise gives fewer frames,
 * never a crash: the first reads of a process are guarded.
 */
#ifndef FRAMES_LANGUAGE_H
#define FRAMES_LANGUAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/layout.h"

/* One frame as found by the cheap walk. The depot compares `code`, `file`,
 * `position` and `first_line`; it is described only when its stack is new. */
struct language_frame {
	uintptr_t code;          /* code object */
	uintptr_t file;          /* file name object, and what else tells codes apart whose
				  * addresses are reused */
	uint32_t position;       /* instruction offset in bytes, or the line where at hand */
	uint32_t first_line;
	/* Not compared, valid during this call only: */
	uintptr_t frame;         /* the interpreter's frame */
	uintptr_t stack_address; /* lies within the native frame that runs this one; 0 unknown */
};

enum { LANGUAGE_NAME_MAX = 512, LANGUAGE_PATH_MAX = 4096, LANGUAGE_ATTRIBUTE_MAX = 64 };

/* Texts are UTF-8, end with 0, and are cut at a character when too long. */
struct language_description {
	char function[LANGUAGE_NAME_MAX]; /* qualified where the language has it */
	char file[LANGUAGE_PATH_MAX];
	uint32_t line;                    /* 0 unknown */
};

/* The object whose method a frame runs: `self`. */
struct language_self {
	uintptr_t address;
	char type[LANGUAGE_NAME_MAX];     /* bare type name, e.g. "QueuePool" */
};

/* What a report cannot see later. */
struct language_moment {
	bool is_finalizing;       /* the interpreter is shutting down */
	bool is_collecting;       /* the cyclic collector is running */
	bool is_collecting_known;
	/* The name that the innermost frame's current call instruction calls
	 * (conn.close() gives "close"; a `with` block's end "__exit__"); "" when its
	 * current instruction is no call, as when a dropped reference ends an object;
	 * "?" when it calls something that has no plain name there (table[0]()).
	 * PHP: what its own function is called that runs; "= null" or "unset" where the script
	 * lets go of a value on purpose.
	 * Python up to 3.10: when a function's return drops its locals, the caller's
	 * call of that function. */
	char called[LANGUAGE_ATTRIBUTE_MAX];
};

enum language_state {
	LANGUAGE_ABSENT,      /* not in this process (so far) */
	LANGUAGE_READY,
	LANGUAGE_UNSUPPORTED, /* there, but not a version this build can read */
	LANGUAGE_NATIVE_ONLY  /* there, and never read: see native_only.c */
};

struct language {
	enum ledger_language id;
	const char *name; /* as its people call it: "CPython" */
	/* Looks for the interpreter. Called at the first record, and again whenever
	 * the list of loaded objects has changed and the answer was ABSENT. */
	enum language_state (*attach)(void);
	/* Fills frames innermost first; returns how many, 0 when this thread runs
	 * none. *ret_is_truncated: there were more than `max`. */
	size_t (*walk)(struct language_frame *frames, size_t max, bool *ret_is_truncated);
	/* As walk, the first `max` frames without their stack addresses. NULL: walk does it. */
	size_t (*look)(struct language_frame *frames, size_t max);
	/* Mixes into *mix what the depot would compare of the frames that walk would find, and
	 * returns how many they are. *ret_is_known stays false when only a walk can tell.
	 * Takes no lock (but see attachment_stays), and reads without a guard what is surely
	 * there. NULL: always a walk. */
	size_t (*mark)(size_t max, uint64_t *mix, bool *ret_is_known);
	/* Marks of one epoch compare. NULL: those of all do, because a mark names what is in a
	 * frame's code and not only where that is. */
	uint64_t (*epoch)(void);
	/* Returns 0, or -EFAULT when the frame's objects are not what they should be. */
	int (*describe)(const struct language_frame *frame, struct language_description *ret);
	/* Reads the first local variable of a frame of this walk. 0 or -EFAULT. */
	int (*read_self)(const struct language_frame *frame, struct language_self *ret);
	void (*read_moment)(const struct language_frame *frames, size_t count,
			    struct language_moment *ret);
	/* Is `pc` inside the interpreter's evaluation loop? Where frames have no stack
	 * addresses, it runs exactly one of them a native frame; or, in a language whose
	 * frames can only be a block, its first native frame is where the block stands: then
	 * any code of the interpreter may count. May be NULL. */
	bool (*is_evaluator)(uintptr_t pc);
	bool is_block;
	/* Is `pc` inside the cyclic collector? For languages where only its native frames
	 * tell that it runs: read_moment says nothing of it then. May be NULL. */
	bool (*is_collector)(uintptr_t pc);
};

extern const struct language javascript;
extern const struct language lua;
extern const struct language perl;
extern const struct language php;
extern const struct language python;
extern const struct language r;
extern const struct language ruby;
extern const struct language tcl;

#endif
