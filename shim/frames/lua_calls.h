/* The functions that a Lua state runs, read in place: what lua_getstack and lua_getinfo say of
 * them, at a tenth of the cost. To be believed only while both agree.
 *
 * Context: the state's thread; the state is alive. Reads without a check. Keeps errno.
 */
#ifndef FRAMES_LUA_CALLS_H
#define FRAMES_LUA_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frames/language.h"
#include "frames/lua_state.h"

/* Are the innermost `count` what lua_getinfo has said? */
bool lua_calls_agree(const struct lua_layout *layout, uintptr_t state,
		     const struct language_frame *frames, size_t count);

/* Mixes them into *mix, at most `max` and one more; returns how many. */
size_t lua_calls_mark(const struct lua_layout *layout, uintptr_t state, size_t max,
		      uint64_t *mix);

#endif
