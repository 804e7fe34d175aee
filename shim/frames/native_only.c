/* Languages that are recognised, and not read: no way is known that neither allocates nor
 * runs the interpreter's code.
 *
 * Tcl keeps no line of a running command; `info frame` finds it by evaluating. R has the
 * line in the source references of its calls, if they were kept, and `sys.calls()` builds
 * them. V8's StackTrace::CurrentStackTrace makes objects on its heap, which may run the
 * collector, and must not be called from inside of it, where a finaliser may call
 * PQfinish. What node writes into /tmp/perf-PID.map is read by the companion.
 */
#include "frames/language.h"
#include "frames/symbols.h"

static enum language_state recognise(const char *symbol)
{
	return symbol_address(symbol) ? LANGUAGE_NATIVE_ONLY : LANGUAGE_ABSENT;
}

#define NATIVE_ONLY(variable, language_id, people_name, symbol) \
	static enum language_state attach_##variable(void) \
	{ \
		return recognise(symbol); \
	} \
	const struct language variable = { \
		.id = language_id, \
		.name = people_name, \
		.attach = attach_##variable, \
	};

NATIVE_ONLY(javascript, LEDGER_JAVASCRIPT, "JavaScript", "_ZN2v87Isolate10GetCurrentEv")
NATIVE_ONLY(r, LEDGER_R, "R", "R_ReplDLLinit")
NATIVE_ONLY(tcl, LEDGER_TCL, "Tcl", "Tcl_CreateInterp")
