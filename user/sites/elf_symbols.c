/* SPDX-License-Identifier: GPL-2.0-only */
/* Symbols, and imports by the slots that the dynamic linker fills. */
#include <elf.h>
#include <string.h>

#include "sites/elf.h"

enum {
	SYMBOLS_MAX = 8 << 20,
	RELOCATIONS_MAX = 1 << 20, /* of all sections */
	TABLE_BYTES_MAX = 256 << 20,
};

struct symbol_table {
	const Elf64_Sym *list; /* not aligned */
	size_t n;
	const char *names;
	size_t names_bytes;
};

static bool open_table(struct elf *elf, const struct elf_section *section, struct symbol_table *ret)
{
	const struct elf_section *names;

	if (section->link >= elf->n_sections || section->entry_size != sizeof(Elf64_Sym))
		return false;
	names = &elf->sections[section->link];
	if (names->type != SHT_STRTAB || section->size > TABLE_BYTES_MAX ||
	    names->size > TABLE_BYTES_MAX)
		return false;
	*ret = (struct symbol_table){
		.list = elf_file(elf, section->offset, section->size),
		.n = section->size / sizeof(Elf64_Sym),
		.names = elf_file(elf, names->offset, names->size),
		.names_bytes = names->size,
	};
	/* the last name ends within the table, so all do */
	return ret->list && ret->names && !ret->names[ret->names_bytes - 1];
}

static bool table_symbol(const struct symbol_table *table, size_t i, struct elf_symbol *ret)
{
	Elf64_Sym symbol;

	if (i >= table->n)
		return false;
	memcpy(&symbol, (const char *)table->list + i * sizeof(symbol), sizeof(symbol));
	if (symbol.st_name >= table->names_bytes)
		return false;
	*ret = (struct elf_symbol){
		.name = table->names + symbol.st_name,
		.address = symbol.st_value,
		.size = symbol.st_size,
		.function = ELF64_ST_TYPE(symbol.st_info) == STT_FUNC,
		.defined = symbol.st_shndx != SHN_UNDEF,
	};
	return true;
}

void elf_symbols(struct elf *elf, bool (*fn)(void *context, const struct elf_symbol *symbol),
		 void *context)
{
	static const __u32 TYPES[] = {SHT_DYNSYM, SHT_SYMTAB};

	for (size_t t = 0; t < sizeof(TYPES) / sizeof(TYPES[0]); t++) {
		for (size_t s = 0; s < elf->n_sections; s++) {
			struct symbol_table table;
			struct elf_symbol symbol;

			if (elf->sections[s].type != TYPES[t] ||
			    !open_table(elf, &elf->sections[s], &table))
				continue;
			for (size_t i = 0; i < table.n && i < SYMBOLS_MAX; i++) {
				if (table_symbol(&table, i, &symbol) && !fn(context, &symbol))
					return;
			}
			break;
		}
	}
}

static bool is_import(const struct symbol_table *table, const Elf64_Rela *rela, const char *name)
{
	__u32 type = ELF64_R_TYPE(rela->r_info);
	struct elf_symbol symbol;

	return (type == R_X86_64_JUMP_SLOT || type == R_X86_64_GLOB_DAT) &&
	       table_symbol(table, ELF64_R_SYM(rela->r_info), &symbol) &&
	       !strcmp(symbol.name, name);
}

size_t elf_imports(struct elf *elf, const char *name, __u64 *ret_slots, size_t max)
{
	size_t found = 0, seen = 0;

	for (size_t s = 0; s < elf->n_sections; s++) {
		const struct elf_section *section = &elf->sections[s];
		struct symbol_table table;
		const char *list;

		if (section->type != SHT_RELA || section->entry_size != sizeof(Elf64_Rela) ||
		    section->link >= elf->n_sections || section->size > TABLE_BYTES_MAX ||
		    elf->sections[section->link].type != SHT_DYNSYM)
			continue;
		list = elf_file(elf, section->offset, section->size);
		if (!list || !open_table(elf, &elf->sections[section->link], &table))
			continue;
		for (size_t i = 0; i < section->size / sizeof(Elf64_Rela) && found < max &&
				   seen < RELOCATIONS_MAX;
		     i++, seen++) {
			Elf64_Rela rela;

			memcpy(&rela, list + i * sizeof(rela), sizeof(rela));
			if (is_import(&table, &rela, name))
				ret_slots[found++] = rela.r_offset;
		}
	}
	return found;
}

/* [endbr64] [bnd] jmp *slot(%rip) */
__u64 elf_stub_slot(struct elf *elf, __u64 address)
{
	static const unsigned char ENDBR64[] = {0xf3, 0x0f, 0x1e, 0xfa};
	const struct elf_section *section = elf_section_at(elf, address);
	const unsigned char *bytes;
	size_t at = 0;
	__s32 distance;

	if (!section || strncmp(section->name, ".plt", 4) != 0)
		return 0;
	bytes = elf_at(elf, address, 12);
	if (!bytes)
		return 0;
	if (!memcmp(bytes, ENDBR64, sizeof(ENDBR64)))
		at = sizeof(ENDBR64);
	if (bytes[at] == 0xf2)
		at++;
	if (bytes[at] != 0xff || bytes[at + 1] != 0x25)
		return 0;
	memcpy(&distance, bytes + at + 2, sizeof(distance));
	return address + at + 6 + (__u64)(__s64)distance;
}
