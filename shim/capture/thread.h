/* The thread's number, as the kernel and the report have it, without asking each time.
 *
 * Context: any thread; async-signal-safe. Keeps errno.
 */
#ifndef CAPTURE_THREAD_H
#define CAPTURE_THREAD_H

#include <stdint.h>

int32_t thread_id(void);

/* In a forked child, whose one thread has another number than the one that forked. */
void thread_reset(void);

#endif
