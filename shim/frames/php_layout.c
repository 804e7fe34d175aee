#include "frames/php_layout.h"

#include <errno.h>

#include "frames/peek.h"
#include "frames/symbols.h"

enum {
	WORD = sizeof(uintptr_t),
	/* Of filename in a user function: 136, 152 and 168 in 7.4, 8.2 and 8.4. */
	FILE_FIRST = 64,
	FILE_LAST = 320,
	FRAMES_MAX = 4096, /* internal ones above the first that is a script's */
	VM_PAGE_MIN = 1 << 12,
	VM_PAGE_MAX = 1 << 26,
	HANDLE_EXCEPTION = 149,
	EXCEPTION_OPLINES = 3
};

enum language_state php_layout_find(struct php_runtime *ret)
{
	struct php_runtime runtime = { 0 };
	struct symbol globals, code, collector;

	if (!symbol_find("executor_globals", &globals))
		return symbol_address("executor_globals_offset") ? LANGUAGE_UNSUPPORTED
								 : LANGUAGE_ABSENT;
	runtime.globals = globals.address;
	runtime.globals_size = globals.size;
	runtime.executed_file =
		(uintptr_t (*)(void))symbol_address("zend_get_executed_filename_ex");
	runtime.executed_line = (uint32_t (*)(void))symbol_address("zend_get_executed_lineno");
	if (!runtime.executed_file || !runtime.executed_line ||
	    !symbol_code((uintptr_t)runtime.executed_line, &code) ||
	    !symbol_find("zend_gc_collect_cycles", &collector))
		return LANGUAGE_UNSUPPORTED;
	runtime.code = code.address;
	runtime.code_end = code.address + code.size;
	runtime.collector = collector.address;
	runtime.collector_end = collector.address + collector.size;
	*ret = runtime;
	return LANGUAGE_READY;
}

bool php_layout_can_match(const struct php_runtime *runtime)
{
	return runtime->executed_file() != 0;
}

/* The function of the innermost frame that is a script's, and its line. */
static uintptr_t executed_function(uintptr_t address, uint32_t *ret_line)
{
	for (unsigned i = 0; i < FRAMES_MAX && address; i++) {
		struct php_frame frame;

		if (!php_frame_read(address, &frame))
			return 0;
		if (frame.function && php_is_user(php_function_type(frame.function))) {
			*ret_line = (uint32_t)peek_int(frame.opline + PHP_OPLINE_LINE);
			return frame.function;
		}
		address = frame.previous;
	}
	return 0;
}

/* Other words of the globals lead to frames, too: old ones, that look alive. Before
 * current_execute_data stand the VM stack's top, end, first page, and page size. */
static bool is_behind_vm_stack(uintptr_t address)
{
	uintptr_t page_size = peek_word(address - WORD);
	uintptr_t top = peek_word(address - 4 * WORD), end = peek_word(address - 3 * WORD);

	return page_size >= VM_PAGE_MIN && page_size <= VM_PAGE_MAX &&
	       (page_size & (page_size - 1)) == 0 && top != 0 && top <= end &&
	       peek_word(address - 2 * WORD) != 0;
}

static bool match_frame(struct php_runtime *runtime, uint32_t current, uintptr_t file,
			uint32_t line)
{
	uintptr_t address = runtime->globals + current;
	uint32_t found_line = 0;
	uintptr_t function;

	if (!is_behind_vm_stack(address))
		return false;
	function = executed_function(peek_word(address), &found_line);
	if (!function || found_line != line)
		return false;
	for (uint32_t offset = FILE_FIRST; offset <= FILE_LAST; offset += WORD)
		if (peek_word(function + offset) == file) {
			runtime->current = current;
			runtime->file = offset;
			return true;
		}
	return false;
}

/* Three oplines with one handler, which have that opcode and no line. */
static bool is_exception_op(uintptr_t address)
{
	struct php_opline oplines[EXCEPTION_OPLINES];

	if (!peek(address, oplines, sizeof(oplines)))
		return false;
	for (unsigned i = 0; i < EXCEPTION_OPLINES; i++)
		if (oplines[i].opcode != HANDLE_EXCEPTION || oplines[i].line != 0 ||
		    oplines[i].handler == 0 || oplines[i].handler != oplines[0].handler)
			return false;
	return true;
}

static bool match_exception_op(struct php_runtime *runtime)
{
	size_t size = EXCEPTION_OPLINES * sizeof(struct php_opline);

	for (uint32_t offset = runtime->current; offset + size <= runtime->globals_size;
	     offset += WORD)
		if (is_exception_op(runtime->globals + offset)) {
			runtime->exception_op = offset;
			return true;
		}
	return false;
}

int php_layout_match(struct php_runtime *runtime)
{
	uintptr_t file = runtime->executed_file();
	uint32_t line = runtime->executed_line();

	for (uint32_t offset = 4 * WORD; offset + WORD <= runtime->globals_size; offset += WORD)
		if (match_frame(runtime, offset, file, line))
			return match_exception_op(runtime) ? 0 : -ENOTSUP;
	return -ENOTSUP;
}
