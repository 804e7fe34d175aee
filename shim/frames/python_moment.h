/* What only the moment can tell: is the interpreter finalising, is it collecting.
 */
#ifndef FRAMES_PYTHON_MOMENT_H
#define FRAMES_PYTHON_MOMENT_H

#include "frames/language.h"

bool python_is_finalizing(void);

/* `thread` is this thread's PyThreadState; 0 when it has none. */
void python_read_moment(uintptr_t thread, const struct language_frame *frames, size_t count,
			struct language_moment *ret);

#endif
