/* Lua 5.1 to 5.4 as a struct language. LuaJIT has other structures, and no lua_ident. */
#include "frames/attachment.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "base/text.h"
#include "frames/lua_calls.h"
#include "frames/lua_state.h"
#include "frames/symbols.h"
#include "frames/utf8.h"

/* A frame is known by its state and its level, which the state's address has room for. */
enum { LEVEL_SHIFT = 52, LEVEL_MAX = 1 << 12 };

static const struct lua_layout layouts[] = {
#define LUA(...) { __VA_ARGS__ },
#include "frames/lua_layout.def"
#undef LUA
};

enum debug_shape { DEBUG_UNKNOWN, DEBUG_KNOWN, DEBUG_FOREIGN };

static struct lua_runtime runtime;
static _Atomic enum debug_shape debug_shape = DEBUG_UNKNOWN;

/* "$LuaVersion: Lua 5.4.4  Copyright ...", "$Lua: Lua 5.1.5 Copyright ...". */
static const struct lua_layout *find_layout(void)
{
	static const char words[] = "Lua 5.";
	const char *ident = (const char *)symbol_address("lua_ident");
	const char *version = ident ? strstr(ident, words) : NULL;

	for (size_t i = 0; version && i < sizeof(layouts) / sizeof(layouts[0]); i++)
		if (version[sizeof(words) - 1] == '0' + layouts[i].minor)
			return &layouts[i];
	return NULL;
}

static enum language_state find(void)
{
	uintptr_t get_info = symbol_address("lua_getinfo");
	uintptr_t get_stack = symbol_address("lua_getstack");
	struct symbol code, resume;

	if (!get_info || !get_stack)
		return LANGUAGE_ABSENT;
	runtime = (struct lua_runtime){
		.layout = find_layout(),
		.get_stack = (int (*)(uintptr_t, int, struct lua_debug *))get_stack,
		.get_info = (int (*)(uintptr_t, const char *, struct lua_debug *))get_info,
	};
	if (!runtime.layout || !symbol_code(get_info, &code) ||
	    !symbol_find("lua_resume", &resume))
		return LANGUAGE_UNSUPPORTED;
	runtime.code = (struct lua_code){ code.address, code.address + code.size };
	runtime.resume = (struct lua_code){ resume.address, resume.address + resume.size };
	return LANGUAGE_READY;
}

static bool is_there(void)
{
	return symbol_address("lua_getinfo") == (uintptr_t)runtime.get_info;
}

static uintptr_t place(void)
{
	return (uintptr_t)runtime.get_info;
}

static struct attachment attachment = ATTACHMENT(find, is_there, place); /* of runtime */

static enum language_state attach(void)
{
	return attachment_attach(&attachment);
}

static bool has_known_debug(uintptr_t address)
{
	if (debug_shape == DEBUG_UNKNOWN)
		debug_shape = lua_debug_is_known(&runtime, address) ? DEBUG_KNOWN : DEBUG_FOREIGN;
	return debug_shape == DEBUG_KNOWN;
}

static bool find_state(uintptr_t from, struct lua_state *ret)
{
	return lua_state_find(&runtime, from, ret) && has_known_debug(ret->address);
}

/* A name may be used again at the same address, by another chunk: FNV-1a. */
static uintptr_t text_hash(const char *text)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	while (*text)
		hash = (hash ^ (uint8_t)*text++) * UINT64_C(0x100000001b3);
	return (uintptr_t)hash;
}

/* Functions in C have no line: they are native frames. "tail" stands for what a tail
 * call has replaced. */
static bool is_lua(const struct lua_debug *debug)
{
	const char *kind = lua_debug_kind(debug);

	return strcmp(kind, "Lua") == 0 || strcmp(kind, "main") == 0;
}

/* Have all frames been where lua_calls.c looks for them? */
enum calls_trust { CALLS_UNSEEN, CALLS_AGREE, CALLS_DIFFER };

static _Atomic enum calls_trust calls_trust = CALLS_UNSEEN;

static size_t walk_state(const struct lua_state *in, struct language_frame *frames, size_t max,
			 bool *ret_is_truncated)
{
	struct lua_debug debug;
	size_t count = 0;

	for (int level = 0; lua_state_ask(&runtime, in->address, level, "Sl", &debug); level++) {
		*ret_is_truncated = count == max || level == LEVEL_MAX;
		if (*ret_is_truncated)
			break;
		if (!is_lua(&debug))
			continue;
		frames[count++] = (struct language_frame){
			.code = (uintptr_t)lua_debug_source(&debug),
			.file = text_hash(lua_debug_short_source(&runtime, &debug)),
			.position = lua_debug_line(&runtime, &debug),
			.first_line = lua_debug_first_line(&runtime, &debug),
			.frame = in->address | (uintptr_t)level << LEVEL_SHIFT,
		};
	}
	if (!lua_calls_agree(runtime.layout, in->address, frames, count))
		calls_trust = CALLS_DIFFER;
	else if (count && calls_trust == CALLS_UNSEEN)
		calls_trust = CALLS_AGREE;
	return count;
}

static size_t walk(struct language_frame *frames, size_t max, bool *ret_is_truncated)
{
	struct lua_state in = { 0 };
	size_t count = 0;

	*ret_is_truncated = false;
	if (!attachment_holds(&attachment))
		return 0;
	__builtin_unwind_init();
	while (!in.is_main && !*ret_is_truncated && find_state(in.jump, &in))
		count += walk_state(&in, frames + count, max - count, ret_is_truncated);
	return count;
}

/* The states are looked for as the walk does: a guarded read or two tell that one is alive. */
static size_t mark(size_t max, uint64_t *mix, bool *ret_is_known)
{
	struct lua_state in = { 0 };
	size_t count = 0;

	*ret_is_known = attachment_stays(&attachment) && calls_trust == CALLS_AGREE;
	if (!*ret_is_known)
		return 0;
	__builtin_unwind_init();
	while (!in.is_main && count <= max && find_state(in.jump, &in))
		count += lua_calls_mark(runtime.layout, in.address, max - count, mix);
	return count;
}

static void copy_text(char *ret, size_t size, const char *text)
{
	utf8_copy(text, strlen(text), ret, size);
}

/* As Lua's own messages have it where nothing names the function, without the directory. */
static void name_function(const struct lua_debug *debug, struct language_description *ret)
{
	const char *source = lua_debug_short_source(&runtime, debug);
	const char *slash = strrchr(source, '/');
	const char *name = lua_debug_name(debug);
	char place[LUA_SHORT_SOURCE_MAX + 32];
	struct text text;

	if (strcmp(lua_debug_kind(debug), "main") == 0) {
		name = "main chunk";
	} else if (!name || strcmp(name, "?") == 0) {
		text_init(&text, place, sizeof(place));
		text_format(&text, "function <%s:%u>", slash ? slash + 1 : source,
			    lua_debug_first_line(&runtime, debug));
		name = place;
	}
	copy_text(ret->function, sizeof(ret->function), name);
}

static int describe(const struct language_frame *frame, struct language_description *ret)
{
	const uintptr_t address = frame->frame & (((uintptr_t)1 << LEVEL_SHIFT) - 1);
	const char *source;
	struct lua_debug debug;

	if (!lua_state_ask(&runtime, address, (int)(frame->frame >> LEVEL_SHIFT), "nSl", &debug))
		return -EFAULT;
	source = lua_debug_source(&debug);
	ret->line = lua_debug_line(&runtime, &debug);
	/* A chunk without a file is shown by its beginning. */
	copy_text(ret->file, sizeof(ret->file),
		  *source == '@' || *source == '=' ? source + 1 :
						     lua_debug_short_source(&runtime, &debug));
	name_function(&debug, ret);
	return 0;
}

/* No pool of Lua's is known. */
static int read_self(const struct language_frame *frame, struct language_self *ret)
{
	(void)frame;
	(void)ret;
	return -EFAULT;
}

static bool is_named(uintptr_t address, int level, const char *const *names)
{
	struct lua_debug debug;
	const char *name;

	if (!lua_state_ask(&runtime, address, level, "n", &debug))
		return false;
	name = lua_debug_name(&debug);
	while (name && *names && strcmp(name, *names) != 0)
		names++;
	return name && *names;
}

/* The collector calls a finaliser by no name, or (5.4) by one that no other call has. So
 * do functions in C call what they were given, as pcall does, and a coroutine whose body
 * is a function in C. */
static bool is_collecting(const struct lua_state *in, const struct lua_debug *innermost)
{
	static const char *const callers[] = { "pcall", "xpcall", NULL };
	const char *name = lua_debug_name(innermost);
	struct lua_debug outer;

	if (name)
		return strcmp(name, "__gc") == 0 &&
		       strcmp(lua_debug_name_kind(innermost), "metamethod") == 0;
	if (!lua_state_ask(&runtime, in->address, 1, "n", &outer))
		return in->is_main;
	return !is_named(in->address, 1, callers);
}

/* lua_close collects outside of all functions, or in os.exit (which 5.3 names "__gc"
 * then, so that its closing is told as a collection). */
static bool is_closing(const struct lua_state *in)
{
	static const char *const exits[] = { "exit", NULL };
	struct lua_debug outer;

	return !lua_state_ask(&runtime, in->address, 1, "n", &outer) ||
	       is_named(in->address, 1, exits);
}

static void read_moment(const struct language_frame *frames, size_t count,
			struct language_moment *ret)
{
	struct lua_state in;
	struct lua_debug innermost;

	(void)frames;
	(void)count;
	*ret = (struct language_moment){ 0 };
	__builtin_unwind_init();
	if (!attachment_holds(&attachment) || !find_state(0, &in) ||
	    !lua_state_ask(&runtime, in.address, 0, "n", &innermost))
		return;
	ret->is_collecting_known = true;
	ret->is_collecting = is_collecting(&in, &innermost);
	ret->is_finalizing = ret->is_collecting && is_closing(&in);
	if (!ret->is_collecting)
		copy_text(ret->called, sizeof(ret->called),
			  lua_debug_name(&innermost) ? lua_debug_name(&innermost) : "?");
}

static bool is_evaluator(uintptr_t pc)
{
	return pc > runtime.code.start && pc <= runtime.code.end;
}

const struct language lua = {
	.id = LEDGER_LUA,
	.name = "Lua",
	.attach = attach,
	.walk = walk,
	.mark = mark,
	.describe = describe,
	.read_self = read_self,
	.read_moment = read_moment,
	.is_evaluator = is_evaluator,
	.is_block = true,
};
