/* What a C++ demangler leaves of Rust's older names: a hash at the end, which is another in each
 * build, and escapes for what C++ has no letters for.
 */
#ifndef SYMBOLIZE_RUST_NAME_H
#define SYMBOLIZE_RUST_NAME_H

/* Makes a demangled name readable in place. Names that are not Rust's stay. */
void rust_name_clean(char *name);

#endif
