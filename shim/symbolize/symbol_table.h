/* Function names from ELF symbols: .symtab, .dynsym and the compressed table of
 * .gnu_debugdata, of the file or of its separate debug file.
 */
#ifndef SYMBOLIZE_SYMBOL_TABLE_H
#define SYMBOLIZE_SYMBOL_TABLE_H

#include <elfutils/libdwfl.h>
#include <stddef.h>
#include <stdint.h>

struct symbol_table;

/* Keeps `module` by reference. NULL only when out of memory.
 * Caller frees with symbol_table_free. */
struct symbol_table *symbol_table_new(Dwfl_Module *module);
void symbol_table_free(struct symbol_table *table);

size_t symbol_table_count(const struct symbol_table *table);

/* The name as the file has it, valid as long as the module; NULL when no
 * symbol covers `address`. A symbol without a size reaches to the next symbol or
 * the end of its section. */
const char *symbol_table_find(const struct symbol_table *table, uint64_t address);

#endif
