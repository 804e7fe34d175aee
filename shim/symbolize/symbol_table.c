#include "symbolize/symbol_table.h"

#include <gelf.h>
#include <stdbool.h>
#include <stdlib.h>

#include "symbolize/range_index.h"

struct symbol_table {
	struct range_index symbols; /* value: the name */
};

/* Assembly has symbols without a size; which reach, only the others tell. */
struct sizeless {
	uint64_t address;
	uint64_t section_end;
	const char *name;
};

struct loader {
	struct symbol_table *table;
	struct range_index sections; /* that hold code */
	struct sizeless *sizeless;
	uint64_t *starts; /* of every symbol */
	size_t sizeless_count, start_count;
};

void symbol_table_free(struct symbol_table *table)
{
	if (!table)
		return;
	range_index_finish(&table->symbols);
	free(table);
}

size_t symbol_table_count(const struct symbol_table *table)
{
	return table->symbols.count;
}

const char *symbol_table_find(const struct symbol_table *table, uint64_t address)
{
	const struct range *range = range_index_find(&table->symbols, address);

	return range ? (const char *)(uintptr_t)range->value : NULL;
}

/* The smallest symbol is the innermost; of aliases the global name is the
 * documented one, and a function is better than a label. */
static uint64_t symbol_rank(const GElf_Sym *symbol)
{
	uint64_t size = symbol->st_size < UINT32_MAX ? symbol->st_size : UINT32_MAX;
	uint64_t rank = (UINT32_MAX - size) << 2;

	if (GELF_ST_TYPE(symbol->st_info) != STT_NOTYPE)
		rank += 2;
	if (GELF_ST_BIND(symbol->st_info) == STB_GLOBAL)
		rank += 1;
	return rank;
}

static bool is_code(const GElf_Sym *symbol, const char *name)
{
	int type = GELF_ST_TYPE(symbol->st_info);

	/* "$x" and the like mark instruction sets on ARM. */
	if (symbol->st_shndx == SHN_UNDEF || !name || !name[0] || name[0] == '$')
		return false;
	return type == STT_FUNC || type == STT_GNU_IFUNC || type == STT_NOTYPE;
}

static int load_sections(struct loader *loader, Dwfl_Module *module)
{
	GElf_Addr bias = 0;
	Elf *elf = dwfl_module_getelf(module, &bias);
	Elf_Scn *section = NULL;

	while (elf && (section = elf_nextscn(elf, section))) {
		GElf_Shdr header;
		struct range range = { 0 };
		int error;

		if (!gelf_getshdr(section, &header) || !(header.sh_flags & SHF_EXECINSTR))
			continue;
		range.low = header.sh_addr + bias;
		range.high = range.low + header.sh_size;
		error = range_index_add(&loader->sections, &range);
		if (error)
			return error;
	}
	range_index_sort(&loader->sections);
	return 0;
}

static int load_symbols(struct loader *loader, Dwfl_Module *module, int count)
{
	for (int i = 1; i < count; i++) {
		GElf_Sym symbol;
		GElf_Addr address;
		const struct range *section;
		struct range range = { 0 };
		const char *name = dwfl_module_getsym_info(module, i, &symbol, &address, NULL,
							   NULL, NULL);
		int error;

		if (!name || !is_code(&symbol, name))
			continue;
		section = range_index_find(&loader->sections, address);
		if (!section)
			continue;
		loader->starts[loader->start_count++] = address;
		if (!symbol.st_size) {
			loader->sizeless[loader->sizeless_count++] =
				(struct sizeless){ address, section->high, name };
			continue;
		}
		range.low = address;
		range.high = address + symbol.st_size;
		range.rank = symbol_rank(&symbol);
		range.value = (uintptr_t)name;
		error = range_index_add(&loader->table->symbols, &range);
		if (error)
			return error;
	}
	return 0;
}

static int compare_starts(const void *one, const void *other)
{
	uint64_t a = *(const uint64_t *)one;
	uint64_t b = *(const uint64_t *)other;

	return (a > b) - (a < b);
}

static uint64_t next_start(const struct loader *loader, uint64_t address, uint64_t limit)
{
	size_t low = 0, high = loader->start_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (loader->starts[middle] <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low < loader->start_count && loader->starts[low] < limit ? loader->starts[low]
									: limit;
}

/* Rank 0: any symbol with a size is better. */
static int load_sizeless(struct loader *loader)
{
	qsort(loader->starts, loader->start_count, sizeof(*loader->starts), compare_starts);
	for (size_t i = 0; i < loader->sizeless_count; i++) {
		const struct sizeless *symbol = &loader->sizeless[i];
		struct range range = {
			.low = symbol->address,
			.high = next_start(loader, symbol->address, symbol->section_end),
			.value = (uintptr_t)symbol->name,
		};
		int error = range_index_add(&loader->table->symbols, &range);

		if (error)
			return error;
	}
	return 0;
}

static int load(struct loader *loader, Dwfl_Module *module)
{
	int count = dwfl_module_getsymtab(module);
	int error = 0;

	if (count <= 0)
		return 0;
	loader->starts = calloc((size_t)count, sizeof(*loader->starts));
	loader->sizeless = calloc((size_t)count, sizeof(*loader->sizeless));
	if (!loader->starts || !loader->sizeless)
		return -1;
	error = load_sections(loader, module);
	if (!error)
		error = load_symbols(loader, module, count);
	if (!error)
		error = load_sizeless(loader);
	range_index_sort(&loader->table->symbols);
	return error;
}

struct symbol_table *symbol_table_new(Dwfl_Module *module)
{
	struct symbol_table *table = calloc(1, sizeof(*table));
	struct loader loader = { .table = table };

	if (table && load(&loader, module) != 0) {
		symbol_table_free(table);
		table = NULL;
	}
	range_index_finish(&loader.sections);
	free(loader.starts);
	free(loader.sizeless);
	return table;
}
