/* C++ and (old style) Rust names made readable, and versions ("@@LIBPQ_17") cut off.
 *
 * The C++ runtime is opened when the first mangled name is met: the companion
 * does not depend on it, and without it such names stay as they are.
 */
#ifndef SYMBOLIZE_DEMANGLER_H
#define SYMBOLIZE_DEMANGLER_H

struct demangler;

/* NULL only when out of memory. Caller frees with demangler_free. */
struct demangler *demangler_new(void);
void demangler_free(struct demangler *demangler);

/* The readable form, which lives as long as the demangler, or `name` itself. */
const char *demangler_name(struct demangler *demangler, const char *name);

#endif
