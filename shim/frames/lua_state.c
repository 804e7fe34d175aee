#include "frames/lua_state.h"

#include <stdatomic.h>
#include <string.h>

#include "base/memory.h"
#include "frames/peek.h"

/* Facts of struct lua_State in all versions: a GCObject with its tag in byte 8, and its
 * pointer to the jump buffer, the only one into the C stack, within its first words. */
enum {
	TAG_OFFSET = 8,
	TAG_THREAD = 8,
	STATE_WORDS = 23, /* the smallest, 5.1's */
	JUMP_WORD_FIRST = 8
};

/* struct global_State lies right behind the main thread, in one allocation, and names it. */
enum { GLOBAL_WORDS = 64, MAIN_THREAD_BYTES_MAX = 512 };

enum {
	WORD = sizeof(uintptr_t),
	PAGE = 4096,
	/* How far the innermost code of Lua is looked for: a driver may have a large buffer
	 * there; and how far the state, once that is found. */
	CODE_DISTANCE_MAX = 32 << 10,
	STATE_DISTANCE_MAX = 16 << 10,
	RECENT_MAX = 8,
	KNOWN_MAX = 8
};

#define STACK_BYTES_MAX ((uintptr_t)8 << 20)

/* States that were found before, of any thread: what a stack has of them is looked at
 * first. A state is verified each time. */
static _Atomic uintptr_t known_states[KNOWN_MAX];
static atomic_uint known_next;
static _Atomic uintptr_t known_global, known_main;

/* This thread's stack, from `from` up. Its end is not known: each page is tried before
 * it is read. */
struct view {
	const struct lua_runtime *runtime;
	uintptr_t from, end;
	uintptr_t readable_end;
};

static bool view_word(struct view *view, uintptr_t at, uintptr_t *ret)
{
	uint8_t byte;

	if (at >= view->end)
		return false;
	if (at >= view->readable_end) {
		if (!peek(at, &byte, 1))
			return false;
		view->readable_end = (at & -(uintptr_t)PAGE) + PAGE;
	}
	*ret = *(const volatile uintptr_t *)at;
	return true;
}

/* Where the view has the first return address into the code; 0 none. */
static uintptr_t view_find(struct view *view, const struct lua_code *code)
{
	uintptr_t word;

	for (uintptr_t at = view->from; view_word(view, at, &word); at += WORD)
		if (word > code->start && word < code->end)
			return at;
	return 0;
}

static bool is_in_stack(uintptr_t address, uintptr_t from)
{
	return address > from && address - from < STACK_BYTES_MAX && address % WORD == 0;
}

static bool is_thread(const struct lua_runtime *runtime, uintptr_t address, uintptr_t global)
{
	return peek_byte(address + TAG_OFFSET) == TAG_THREAD &&
	       peek_word(address + runtime->layout->global_state) == global;
}

/* The main thread of a global state; 0 when this is none. */
static uintptr_t main_thread(const struct lua_runtime *runtime, uintptr_t global)
{
	uintptr_t words[GLOBAL_WORDS];

	if (global == known_global)
		return known_main;
	if (!peek(global, words, sizeof(words)))
		return 0;
	for (size_t i = 0; i < GLOBAL_WORDS; i++)
		if (words[i] < global && global - words[i] < MAIN_THREAD_BYTES_MAX &&
		    is_thread(runtime, words[i], global))
			return words[i];
	return 0;
}

/* Fills *ret when `address` is a state that runs in this thread. */
static bool state_read(const struct view *view, uintptr_t address, struct lua_state *ret)
{
	const unsigned global = view->runtime->layout->global_state / WORD;
	uintptr_t words[STATE_WORDS], jump = 0, main;

	if (!peek(address, words, sizeof(words)) ||
	    (words[TAG_OFFSET / WORD] & 0xff) != TAG_THREAD)
		return false;
	for (size_t i = JUMP_WORD_FIRST; i < STATE_WORDS && !jump; i++)
		if (is_in_stack(words[i], view->from))
			jump = words[i];
	main = jump ? main_thread(view->runtime, words[global]) : 0;
	if (!main)
		return false;
	known_global = words[global];
	known_main = main;
	*ret = (struct lua_state){ .address = address, .jump = jump, .is_main = address == main };
	return true;
}

static bool is_known(uintptr_t word)
{
	for (unsigned i = 0; i < KNOWN_MAX; i++)
		if (known_states[i] == word)
			return true;
	return false;
}

/* Nothing that the interpreter allocates is in the stack, or in its own code. */
static bool is_candidate(const struct view *view, uintptr_t word)
{
	return word % WORD == 0 && word >= PAGE &&
	       !is_in_stack(word, view->from - STATE_DISTANCE_MAX) &&
	       !(word >= view->runtime->code.start && word < view->runtime->code.end);
}

/* Words that were looked at lately: the same few come often. */
struct recent {
	uintptr_t words[RECENT_MAX];
	unsigned next;
};

static bool recent_add(struct recent *recent, uintptr_t word)
{
	for (unsigned i = 0; i < RECENT_MAX; i++)
		if (recent->words[i] == word)
			return false;
	recent->words[recent->next++ % RECENT_MAX] = word;
	return true;
}

/* A state that is resumed inside of this one is found before its own jump buffer, which
 * lies inside of this one's; no return address into lua_resume, and there is none. */
static bool is_innermost(const struct view *view, const struct lua_state *state)
{
	struct view inner = *view;

	inner.end = state->jump;
	return !view_find(&inner, &view->runtime->resume);
}

static bool view_search(struct view *view, bool is_any, struct lua_state *ret)
{
	struct recent recent = { 0 };
	struct lua_state state;
	uintptr_t word;
	bool is_found = false;

	for (uintptr_t at = view->from; view_word(view, at, &word); at += WORD) {
		if ((!is_any && !is_known(word)) || !is_candidate(view, word) ||
		    !recent_add(&recent, word) || !state_read(view, word, &state))
			continue;
		is_found = true;
		*ret = state;
		if (is_innermost(view, &state))
			break;
		view->end = state.jump;
	}
	return is_found && (is_any || is_innermost(view, ret));
}

/* Never inlined: its frame is below its caller's, which has saved the registers. */
__attribute__((noinline)) bool lua_state_find(const struct lua_runtime *runtime, uintptr_t from,
					      struct lua_state *ret)
{
	struct view view = { .runtime = runtime, .from = from };
	uintptr_t code;

	peek_set_guarded(true);
	if (!from) {
		view.from = (uintptr_t)__builtin_frame_address(0);
		view.readable_end = (view.from & -(uintptr_t)PAGE) + PAGE;
	}
	view.end = view.from + CODE_DISTANCE_MAX;
	code = view_find(&view, from ? &runtime->resume : &runtime->code);
	if (!code)
		return false;
	if (from)
		view.from = code + WORD;
	view.end = code + STATE_DISTANCE_MAX;
	if (!view_search(&view, false, ret)) {
		view.end = code + STATE_DISTANCE_MAX;
		if (!view_search(&view, true, ret))
			return false;
		known_states[known_next++ % KNOWN_MAX] = ret->address;
	}
	return true;
}

bool lua_state_ask(const struct lua_runtime *runtime, uintptr_t state, int level,
		   const char *what, struct lua_debug *ret)
{
	memset(ret, 0, sizeof(*ret));
	return runtime->get_stack(state, level, ret) && runtime->get_info(state, what, ret);
}

/* A build with a longer LUA_IDSIZE would write behind a struct lua_debug: where
 * lua_getstack puts the call tells how long it is. */
bool lua_debug_is_known(const struct lua_runtime *runtime, uintptr_t state)
{
	enum { ROOM = 64 << 10, FILL = 0xa5 };
	uint8_t *room = memory_map(ROOM);
	size_t first = 0;

	if (!room)
		return false;
	memset(room, FILL, ROOM);
	if (runtime->get_stack(state, 0, (struct lua_debug *)room))
		while (first < ROOM && room[first] == FILL)
			first++;
	memory_unmap(room, ROOM);
	return first == runtime->layout->call;
}

static const char *text_at(const struct lua_debug *debug, size_t offset)
{
	const char *text;

	memcpy(&text, debug->bytes + offset, sizeof(text));
	return text;
}

static uint32_t line_at(const struct lua_debug *debug, size_t offset)
{
	int32_t line;

	memcpy(&line, debug->bytes + offset, sizeof(line));
	return line > 0 ? (uint32_t)line : 0;
}

/* The first fields are the same in all versions: event, name, namewhat, what, source. */
const char *lua_debug_name(const struct lua_debug *debug)
{
	return text_at(debug, 8);
}

const char *lua_debug_name_kind(const struct lua_debug *debug)
{
	return text_at(debug, 16);
}

const char *lua_debug_kind(const struct lua_debug *debug)
{
	return text_at(debug, 24);
}

const char *lua_debug_source(const struct lua_debug *debug)
{
	return text_at(debug, 32);
}

const char *lua_debug_short_source(const struct lua_runtime *runtime,
				   const struct lua_debug *debug)
{
	return (const char *)debug->bytes + runtime->layout->short_source;
}

uint32_t lua_debug_line(const struct lua_runtime *runtime, const struct lua_debug *debug)
{
	return line_at(debug, runtime->layout->current_line);
}

uint32_t lua_debug_first_line(const struct lua_runtime *runtime, const struct lua_debug *debug)
{
	return line_at(debug, runtime->layout->first_line);
}
