/* Was Ruby at its end when it finished a connection? Its static functions have no names in a
 * stripped library, and the collector that runs then is the one that always runs. */
#ifndef ANALYZE_RUBY_END_H
#define ANALYZE_RUBY_END_H

#include <stdbool.h>

#include "analyze/report.h"

enum ruby_end {
	RUBY_END_NONE,   /* it ran, or it is no Ruby */
	RUBY_END_BLOCK,  /* at_exit, or a thread's or an object's code that runs then */
	RUBY_END_OBJECTS /* it lets go of all objects */
};

enum ruby_end ruby_end_of(const struct report_stack *stack);

/* Does Ruby run in it? It counts no references: what goes was collected. */
bool ruby_is_in(const struct report_stack *stack);

#endif
