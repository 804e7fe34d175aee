/* Finds the Lua state that runs in this thread, and asks it for its functions.
 *
 * Nothing exported tells which state a thread runs. But the C function that was called
 * from Lua, and the interpreter around it, have it in registers that calls preserve, so
 * it lies in this thread's stack, on the inner side of the jump buffer of its innermost
 * protected call. A word there is a state when it looks like a thread object, belongs
 * to a global state that knows its main thread, and its innermost protected call
 * (`errorJmp`) has its jump buffer in this very stack: that tells a running coroutine
 * from a suspended, a finished and a freed one, and from another thread's. Everything
 * up to here is read guarded.
 *
 * The rest is Lua's own lua_getstack and lua_getinfo. For "n", "S" and "l" they read
 * the call list and the prototypes only: they neither allocate, nor lock, nor raise an
 * error (5.1 to 5.4, ldebug.c).
 *
 * Context: any thread; not async-signal-safe. Keeps errno.
 */
#ifndef FRAMES_LUA_STATE_H
#define FRAMES_LUA_STATE_H

#include <stdbool.h>
#include <stdint.h>

/* What of a version's structures is needed. Offsets in bytes. */
struct lua_layout {
	uint8_t minor;
	uint8_t global_state;       /* in lua_State: l_G */
	/* In lua_Debug: */
	uint8_t current_line;
	uint8_t first_line;
	uint8_t short_source;
	uint8_t call;               /* i_ci, its last field */
	/* For lua_calls.c; lua_layout.def says which they are. */
	uint8_t state_call, state_first_call;
	uint8_t call_function, call_previous, call_position;
	uint8_t closure_proto;
	uint8_t proto_code, proto_lines, proto_base_count, proto_bases, proto_source,
		proto_first_line;
};

enum { LUA_SHORT_SOURCE_MAX = 60 };

/* lua_Debug of any version; `bytes` begins at its start. */
struct lua_debug {
	_Alignas(8) uint8_t bytes[160];
};

struct lua_code {
	uintptr_t start, end;
};

/* The interpreter of this process. */
struct lua_runtime {
	const struct lua_layout *layout;
	int (*get_stack)(uintptr_t state, int level, struct lua_debug *debug);
	int (*get_info)(uintptr_t state, const char *what, struct lua_debug *debug);
	struct lua_code code;   /* of the object that it is in */
	struct lua_code resume; /* lua_resume */
};

struct lua_state {
	uintptr_t address;
	uintptr_t jump;  /* its innermost jump buffer: the states around it lie beyond */
	bool is_main;    /* no coroutine: no state is around it */
};

/* The innermost state that runs in this thread; with `from` not 0, of those whose jump
 * buffers lie beyond. The caller has its registers in its frame (__builtin_unwind_init).
 * False when there is none, as when the innermost code of Lua is 32 KB away. */
bool lua_state_find(const struct lua_runtime *runtime, uintptr_t from, struct lua_state *ret);

/* Fills `ret` with what lua_getinfo has for `what`; false when there is no such level.
 * Level 0 is the innermost function. */
bool lua_state_ask(const struct lua_runtime *runtime, uintptr_t state, int level,
		   const char *what, struct lua_debug *ret);

/* Is lua_Debug what a build of Lua without changes has? To be asked once, before
 * lua_state_ask. */
bool lua_debug_is_known(const struct lua_runtime *runtime, uintptr_t state);

/* Of an answer to "S", "l" and "n"; texts live as long as the function runs. */
const char *lua_debug_name(const struct lua_debug *debug);   /* NULL unknown */
const char *lua_debug_name_kind(const struct lua_debug *debug); /* "method", "metamethod" */
const char *lua_debug_kind(const struct lua_debug *debug);   /* "Lua", "C", "main", "tail" */
const char *lua_debug_source(const struct lua_debug *debug); /* "@app.lua", "=stdin", or code */
const char *lua_debug_short_source(const struct lua_runtime *runtime,
				   const struct lua_debug *debug);
uint32_t lua_debug_line(const struct lua_runtime *runtime, const struct lua_debug *debug);
uint32_t lua_debug_first_line(const struct lua_runtime *runtime, const struct lua_debug *debug);

#endif
