/* CPython 3.6 to 3.15 as a struct language: finds the interpreter, and decides when
 * its memory is trusted. */
#include "frames/language.h"

#include <unistd.h>

#include "frames/attachment.h"
#include "frames/peek.h"
#include "frames/python_mark.h"
#include "frames/python_moment.h"
#include "frames/python_object.h"
#include "frames/python_walk.h"
#include "frames/proof.h"
#include "frames/symbols.h"

static struct proof proof = PROOF; /* ends the time of guarded reads */

/* "3.9.18 (main, ..." of the versions that have no Py_Version. */
static unsigned long version_from_text(const char *text)
{
	unsigned long parts[2] = { 0, 0 };

	for (unsigned i = 0; i < 2; i++, text++)
		for (; *text >= '0' && *text <= '9'; text++)
			parts[i] = parts[i] * 10 + (unsigned long)(*text - '0');
	return parts[0] << 24 | parts[1] << 16;
}

/* As PY_VERSION_HEX, at least its major and minor parts; 0 unknown. */
static unsigned long find_version(void)
{
	uintptr_t variable = symbol_address("Py_Version");
	uintptr_t function = symbol_address("Py_GetVersion");

	if (variable != 0)
		return peek_word(variable);
	return function != 0 ? version_from_text(((const char *(*)(void))function)()) : 0;
}

static void find_types(struct python_runtime *runtime)
{
	runtime->code_type = symbol_address("PyCode_Type");
	runtime->text_type = symbol_address("PyUnicode_Type");
	runtime->bytes_type = symbol_address("PyBytes_Type");
	runtime->tuple_type = symbol_address("PyTuple_Type");
	runtime->cell_type = symbol_address("PyCell_Type");
}

static void find_finalizing(struct python_runtime *runtime)
{
	uintptr_t function = symbol_address("Py_IsFinalizing");

	if (function == 0)
		function = symbol_address("_Py_IsFinalizing");
	runtime->is_finalizing = (int (*)(void))function;
	runtime->finalizing = symbol_address("_Py_Finalizing");
}

/* A debug build that traces references, or anything else of another shape, shows
 * in the first object looked at: the type of PyCode_Type is PyType_Type. */
static bool has_known_objects(const struct python_runtime *runtime)
{
	uintptr_t type_type = symbol_address("PyType_Type");

	return type_type != 0 && runtime->code_type != 0 &&
	       peek_word(runtime->code_type + runtime->layout.object_type) == type_type;
}

static enum language_state find(void)
{
	struct python_runtime runtime = { 0 };
	uintptr_t this_thread = symbol_address("PyGILState_GetThisThreadState");
	struct symbol evaluator;

	if (this_thread == 0)
		return LANGUAGE_ABSENT;

	unsigned long version = find_version();

	if (version >> 24 != 3)
		return LANGUAGE_UNSUPPORTED;
	runtime.minor = version >> 16 & 0xff;
	runtime.runtime = symbol_address("_PyRuntime");
	if (python_layout_init(runtime.minor, runtime.runtime, &runtime.layout) != 0)
		return LANGUAGE_UNSUPPORTED;
	find_types(&runtime);
	if (!has_known_objects(&runtime))
		return LANGUAGE_UNSUPPORTED;
	find_finalizing(&runtime);
	if (symbol_find("_PyEval_EvalFrameDefault", &evaluator)) {
		runtime.evaluator = evaluator.address;
		runtime.evaluator_end = evaluator.address + evaluator.size;
	}
	runtime.this_thread = (uintptr_t (*)(void))this_thread;
	python_runtime = runtime;
	return LANGUAGE_READY;
}

static bool is_there(void)
{
	return symbol_address("PyGILState_GetThisThreadState") ==
	       (uintptr_t)python_runtime.this_thread;
}

static uintptr_t place(void)
{
	return (uintptr_t)python_runtime.this_thread;
}

/* Of python_runtime. */
static struct attachment attachment = ATTACHMENT(find, is_there, place);

static enum language_state attach(void)
{
	return attachment_attach(&attachment);
}

/* While the interpreter is taken apart, a thread that outlives it may hold the address of
 * a thread state that is gone. The main thread takes it apart, so its own is there. */
static bool is_outlived(void)
{
	return python_is_finalizing() && gettid() != getpid();
}

/* Is the interpreter there? It may be read then, in this call. */
static bool begin_reading(void)
{
	if (!attachment_holds(&attachment))
		return false;
	peek_set_guarded(!proof_is_done(&proof) || is_outlived());
	return true;
}

static size_t walk(struct language_frame *frames, size_t max, bool *ret_is_truncated)
{
	uintptr_t thread = begin_reading() ? python_runtime.this_thread() : 0;
	bool is_clean;

	*ret_is_truncated = false;
	if (thread == 0)
		return 0;

	size_t count = python_walk(thread, frames, max, ret_is_truncated, &is_clean);

	if (is_clean)
		proof_begin(&proof, count);
	return count;
}

static size_t look(struct language_frame *frames, size_t max)
{
	uintptr_t thread = begin_reading() ? python_runtime.this_thread() : 0;

	return thread == 0 ? 0 : python_look(thread, frames, max);
}

static size_t mark(size_t max, uint64_t *mix, bool *ret_is_known)
{
	if (!attachment_stays(&attachment) || is_outlived())
		return 0;

	uintptr_t thread = python_runtime.this_thread();

	*ret_is_known = thread == 0 || proof_is_done(&proof);
	return thread == 0 || !*ret_is_known ? 0 : python_mark(thread, max, mix, ret_is_known);
}

static int describe(const struct language_frame *frame, struct language_description *ret)
{
	int result = python_describe(frame, ret);

	if (result == 0)
		proof_add(&proof);
	return result;
}

static void read_moment(const struct language_frame *frames, size_t count,
			struct language_moment *ret)
{
	*ret = (struct language_moment){ 0 };
	if (begin_reading())
		python_read_moment(python_runtime.this_thread(), frames, count, ret);
}

/* A `pc` is where a call returns to, which may be just behind the function. What the
 * compiler moved out of the function to its cold section is missed. */
static bool is_evaluator(uintptr_t pc)
{
	return pc > python_runtime.evaluator && pc <= python_runtime.evaluator_end;
}

const struct language python = {
	.id = LEDGER_PYTHON,
	.name = "CPython",
	.attach = attach,
	.walk = walk,
	.look = look,
	.mark = mark,
	.describe = describe,
	.read_self = python_read_self,
	.read_moment = read_moment,
	.is_evaluator = is_evaluator,
};
