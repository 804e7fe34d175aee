/* The Ruby of this process: its exported functions, and where this thread's stack is.
 *
 * Of the functions of ruby/debug.h only these neither allocate nor take a lock; without
 * the lock of the interpreter (the "GVL") even they must not look into tables that other
 * threads change, as the one of method names of C functions.
 */
#ifndef FRAMES_RUBY_RUNTIME_H
#define FRAMES_RUBY_RUNTIME_H

#include <stdbool.h>
#include <stdint.h>

#include "frames/language.h"
#include "frames/symbols.h"

struct ruby_runtime {
	int (*is_ruby_thread)(void); /* ruby_native_thread_p */
	int (*has_lock)(void);       /* ruby_thread_has_gvl_p */
	int (*is_alone)(void);       /* rb_thread_alone */
	int (*is_collecting)(void);  /* rb_during_gc, which says it of any thread */
	int (*frames)(int start, int limit, uintptr_t *ret_frames, int *ret_lines);
	uintptr_t (*path)(uintptr_t frame);        /* nil of a C function */
	uintptr_t (*label)(uintptr_t frame);
	uintptr_t (*this_function)(void);          /* rb_frame_this_func */
	uintptr_t (*name)(uintptr_t identifier);   /* rb_id2str: with the lock only */
	char *(*text)(volatile uintptr_t *string);
	uintptr_t (*thread)(void);   /* rb_thread_current */
	size_t (*collections)(void); /* rb_gc_count: begun so far */
	uintptr_t machine;           /* variable, 0 when Ruby has ended; 0 unknown */
	/* The variable that has the execution context. Before 3.0 it is one for all
	 * threads, of the thread that has the lock. Later it is thread-local: so far from
	 * pthread_self(). From 3.3 on nobody else can see it. */
	uintptr_t shared_context;    /* 0 none */
	intptr_t thread_context;     /* 0 none */
	struct symbol code;          /* the interpreter's */
};

extern struct ruby_runtime ruby_runtime;

/* As a language's attach(). */
enum language_state ruby_attach(void);

/* Is it a thread of a Ruby that runs, whose frames may be read? */
bool ruby_is_readable(void);

/* Does Ruby run, and this is none of its threads? */
bool ruby_is_foreign_thread(void);

/* Has this thread the interpreter's lock? Of a thread of Ruby only. */
bool ruby_has_lock(void);

/* Waits while another thread collects: it may be moving objects, also those of this
 * thread's frames. That thread has the lock, which this one will want next anyway, so no
 * time is lost. False when it takes too long. Call before any object is looked at. */
bool ruby_settle(void);

/* This thread's execution context, by its variable; 0 where there is none. */
uintptr_t ruby_context(void);

#endif
