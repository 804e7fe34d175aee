/* The functions that stand for libpq's. */
#ifndef CAPTURE_WRAPPERS_H
#define CAPTURE_WRAPPERS_H

#include "capture/libpq.h"

/* What somebody gets who asked the loader for `function`, which is `call` of `libpq`:
 * a wrapper that knows that libpq, whoever calls it. `function` itself when `libpq` is
 * NULL or not whole; beyond LIBPQ_SLOTS of them, the exported wrapper. Context: any. */
void *wrapper_for(const struct libpq *libpq, enum libpq_call call, void *function);

#endif
