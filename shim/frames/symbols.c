#include "frames/symbols.h"

#include <elf.h>
#include <link.h>
#include <string.h>

/* The parts of an object's dynamic section that a look-up needs. */
struct symbol_table {
	uintptr_t base;
	const uint32_t *gnu_hash;
	const uint32_t *sysv_hash;
	const ElfW(Sym) *symbols;
	const char *names;
};

struct symbol_query {
	const char *name;
	uint32_t gnu_hash;
	uint32_t sysv_hash;
	struct symbol found;
};

static uint32_t gnu_hash_of(const char *name)
{
	uint32_t hash = 5381;

	for (; *name; name++)
		hash = hash * 33 + (uint8_t)*name;
	return hash;
}

static uint32_t sysv_hash_of(const char *name)
{
	uint32_t hash = 0;

	for (; *name; name++) {
		hash = (hash << 4) + (uint8_t)*name;
		hash ^= (hash >> 24) & 0xf0;
		hash &= 0x0fffffff;
	}
	return hash;
}

/* glibc relocates the pointers of a dynamic section; the vDSO's stay as in the file. */
static const void *pointer_in(const struct dl_phdr_info *object, ElfW(Addr) value)
{
	return (const void *)(value < object->dlpi_addr ? value + object->dlpi_addr : value);
}

static const ElfW(Dyn) *dynamic_section(const struct dl_phdr_info *object)
{
	for (size_t i = 0; i < object->dlpi_phnum; i++)
		if (object->dlpi_phdr[i].p_type == PT_DYNAMIC)
			return (const void *)(object->dlpi_addr + object->dlpi_phdr[i].p_vaddr);
	return NULL;
}

static bool table_init(struct symbol_table *table, const struct dl_phdr_info *object)
{
	const ElfW(Dyn) *entry = dynamic_section(object);

	if (entry == NULL)
		return false;

	*table = (struct symbol_table){ .base = object->dlpi_addr };
	for (; entry->d_tag != DT_NULL; entry++) {
		const void *pointer = pointer_in(object, entry->d_un.d_ptr);

		if (entry->d_tag == DT_GNU_HASH)
			table->gnu_hash = pointer;
		else if (entry->d_tag == DT_HASH)
			table->sysv_hash = pointer;
		else if (entry->d_tag == DT_SYMTAB)
			table->symbols = pointer;
		else if (entry->d_tag == DT_STRTAB)
			table->names = pointer;
	}
	return table->symbols != NULL && table->names != NULL;
}

static bool symbol_is(const struct symbol_table *table, uint32_t index, const char *name)
{
	const ElfW(Sym) *symbol = &table->symbols[index];

	/* A thread-local variable's value is its place among those: 0 is the first. */
	return symbol->st_shndx != SHN_UNDEF &&
	       (symbol->st_value != 0 || ELF64_ST_TYPE(symbol->st_info) == STT_TLS) &&
	       strcmp(table->names + symbol->st_name, name) == 0;
}

/* Index of the symbol, 0 when the object has none of that name. */
static uint32_t find_by_gnu_hash(const struct symbol_table *table,
				 const struct symbol_query *query)
{
	uint32_t bucket_count = table->gnu_hash[0];
	uint32_t first = table->gnu_hash[1];
	uint32_t bloom_count = table->gnu_hash[2];
	uint32_t shift = table->gnu_hash[3];
	const ElfW(Addr) *bloom = (const ElfW(Addr) *)(table->gnu_hash + 4);
	const uint32_t *buckets = (const uint32_t *)(bloom + bloom_count);
	const uint32_t *chains = buckets + bucket_count;
	const uint32_t bits = 8 * sizeof(*bloom);
	uint32_t hash = query->gnu_hash;

	if (bucket_count == 0 || bloom_count == 0)
		return 0;

	ElfW(Addr) word = bloom[(hash / bits) % bloom_count];

	if (!(word >> (hash % bits) & word >> ((hash >> shift) % bits) & 1))
		return 0;

	uint32_t index = buckets[hash % bucket_count];

	if (index < first)
		return 0;
	for (;; index++) {
		uint32_t chain = chains[index - first];

		if ((chain | 1) == (hash | 1) && symbol_is(table, index, query->name))
			return index;
		if (chain & 1)
			return 0;
	}
}

static uint32_t find_by_sysv_hash(const struct symbol_table *table,
				  const struct symbol_query *query)
{
	uint32_t bucket_count = table->sysv_hash[0];
	const uint32_t *buckets = table->sysv_hash + 2;
	const uint32_t *chains = buckets + bucket_count;

	if (bucket_count == 0)
		return 0;
	for (uint32_t index = buckets[query->sysv_hash % bucket_count]; index != 0;
	     index = chains[index])
		if (symbol_is(table, index, query->name))
			return index;
	return 0;
}

static int look_into(struct dl_phdr_info *object, size_t size, void *argument)
{
	struct symbol_query *query = argument;
	struct symbol_table table;
	uint32_t index = 0;

	(void)size;
	if (!table_init(&table, object))
		return 0;
	if (table.gnu_hash != NULL)
		index = find_by_gnu_hash(&table, query);
	else if (table.sysv_hash != NULL)
		index = find_by_sysv_hash(&table, query);
	if (index == 0)
		return 0;

	const ElfW(Sym) *symbol = &table.symbols[index];
	uintptr_t base = table.base;

	if (ELF64_ST_TYPE(symbol->st_info) == STT_TLS) {
		base = (uintptr_t)object->dlpi_tls_data;
		if (base == 0)
			return 0;
	}
	query->found.address = base + symbol->st_value;
	query->found.size = symbol->st_size;
	return 1;
}

bool symbol_find(const char *name, struct symbol *ret)
{
	struct symbol_query query = {
		.name = name,
		.gnu_hash = gnu_hash_of(name),
		.sysv_hash = sysv_hash_of(name),
	};

	if (dl_iterate_phdr(look_into, &query) == 0)
		return false;
	*ret = query.found;
	return true;
}

uintptr_t symbol_address(const char *name)
{
	struct symbol symbol;

	return symbol_find(name, &symbol) ? symbol.address : 0;
}

struct code_query {
	uintptr_t address;
	struct symbol found;
};

static int look_for_code(struct dl_phdr_info *object, size_t size, void *argument)
{
	struct code_query *query = argument;

	(void)size;
	for (size_t i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
		uintptr_t start = object->dlpi_addr + segment->p_vaddr;

		if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_X) ||
		    query->address < start || query->address - start >= segment->p_memsz)
			continue;
		query->found = (struct symbol){ start, segment->p_memsz };
		return 1;
	}
	return 0;
}

bool symbol_code(uintptr_t address, struct symbol *ret)
{
	struct code_query query = { .address = address };

	if (dl_iterate_phdr(look_for_code, &query) == 0)
		return false;
	*ret = query.found;
	return true;
}

static int count_unloaded(struct dl_phdr_info *object, size_t size, void *argument)
{
	(void)size;
	*(unsigned long long *)argument = object->dlpi_subs;
	return 1;
}

unsigned long long symbols_unloaded(void)
{
	unsigned long long count = 0;

	dl_iterate_phdr(count_unloaded, &count);
	return count;
}

/* As struct dl_find_object begins; its size is another one in each architecture. */
struct found_object {
	unsigned long long flags;
	uintptr_t start, end, map;
	uintptr_t more[32];
};

typedef int find_object_function(uintptr_t address, struct found_object *ret);

/* Asks nothing of the loader's lock, and is async-signal-safe. In no older header. */
static find_object_function *find_object(void)
{
	static uintptr_t known; /* 1: there is none */
	uintptr_t function = __atomic_load_n(&known, __ATOMIC_RELAXED);

	if (!function) {
		function = symbol_address("_dl_find_object");
		if (!function)
			function = 1;
		__atomic_store_n(&known, function, __ATOMIC_RELAXED);
	}
	return function == 1 ? NULL : (find_object_function *)function;
}

bool symbols_have_homes(void)
{
	return find_object() != NULL;
}

bool symbol_home_find(uintptr_t address, struct symbol_home *ret)
{
	find_object_function *find = find_object();
	struct found_object found;

	if (!find || find(address, &found) != 0)
		return false;
	*ret = (struct symbol_home){ found.start, found.end, found.map };
	return true;
}

bool symbol_home_is(uintptr_t address, const struct symbol_home *home)
{
	struct symbol_home now;

	return home->map && symbol_home_find(address, &now) && now.map == home->map &&
	       now.start == home->start && now.end == home->end;
}

static unsigned long openings;

void symbols_opening(void)
{
	__atomic_add_fetch(&openings, 1, __ATOMIC_SEQ_CST);
}

unsigned long symbols_openings(void)
{
	return __atomic_load_n(&openings, __ATOMIC_SEQ_CST);
}
