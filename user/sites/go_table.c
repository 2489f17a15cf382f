/* SPDX-License-Identifier: GPL-2.0-only */
#include "sites/go_table.h"

#include <errno.h>
#include <string.h>

#include "sites/go_code.h"

enum {
	MAGIC_116 = 0xfffffffa,
	MAGIC_118 = 0xfffffff0,
	MAGIC_120 = 0xfffffff1,

	HEAD_BYTES = 8, /* magic, two of 0, the least size of instructions, the size of pointers */
	FUNCTIONS_MAX = 4 << 20,
	TABLE_BYTES_MAX = 256 << 20,

	/* in the runtime's moduledata, from Go 1.26 on in a section of its own */
	MODULE_TEXT = 176,

	SAMPLES = 512,
};

static __u32 u32_at(const struct go_table *table, __u64 at)
{
	__u32 value = 0;

	if (at < table->size && table->size - at >= sizeof(value))
		memcpy(&value, table->bytes + at, sizeof(value));
	return value;
}

static __u64 u64_at(const struct go_table *table, __u64 at)
{
	__u64 value = 0;

	if (at < table->size && table->size - at >= sizeof(value))
		memcpy(&value, table->bytes + at, sizeof(value));
	return value;
}

/* The word of that number behind the head. */
static __u64 head_word(const struct go_table *table, unsigned int number)
{
	return u64_at(table, HEAD_BYTES + 8 * (__u64)number);
}

static bool is_head(const unsigned char *bytes)
{
	static const unsigned char REST[] = {0xff, 0xff, 0xff, 0, 0, 1, 8};

	return (bytes[0] == (MAGIC_116 & 0xff) || bytes[0] == (MAGIC_118 & 0xff) ||
		bytes[0] == (MAGIC_120 & 0xff)) &&
	       !memcmp(bytes + 1, REST, sizeof(REST));
}

/* ---- where the table is ---- */

static bool set_place(struct elf *elf, __u64 address, __u64 size, struct go_table *ret)
{
	if (size > TABLE_BYTES_MAX)
		size = TABLE_BYTES_MAX;
	ret->bytes = size > HEAD_BYTES ? elf_at(elf, address, size) : NULL;
	ret->size = size;
	ret->address = address;
	return ret->bytes;
}

/* A file without sections may be a Go executable all the same. */
static bool search(struct elf *elf, struct go_table *ret)
{
	for (size_t s = 0; s < elf->n_segments; s++) {
		const struct elf_segment *segment = &elf->segments[s];
		const unsigned char *bytes = elf_at(elf, segment->address, segment->size);

		if (!bytes || segment->executable)
			continue;
		for (__u64 i = 0; i + HEAD_BYTES <= segment->size; i += 8) {
			if (is_head(bytes + i))
				return set_place(elf, segment->address + i, segment->size - i, ret);
		}
	}
	return false;
}

static bool find_place(struct elf *elf, struct go_table *ret)
{
	const struct elf_section *section = elf_section(elf, ".gopclntab");

	if (!section)
		section = elf_section(elf, ".data.rel.ro.gopclntab");
	if (section)
		return set_place(elf, section->address, section->size, ret);
	return !elf->n_sections && search(elf, ret);
}

/* ---- its functions ---- */

/* One beyond the last is where the code ends. */
static __u64 entry_of(const struct go_table *table, __u64 i)
{
	__u64 address;

	if (!table->absolute)
		return table->text + u32_at(table, table->functions_at + i * 8);
	if (!go_word(table->words, table->address + table->functions_at + i * 16, &address))
		return 0;
	return address;
}

/* "" if it is not within the table. */
static const char *name_of(const struct go_table *table, __u64 i)
{
	__u64 about, name;

	if (table->absolute) {
		about = u64_at(table, table->functions_at + i * 16 + 8);
		name = 8;
	} else {
		about = u32_at(table, table->functions_at + i * 8 + 4);
		name = 4;
	}
	if (about >= table->size)
		return "";
	name = table->names_at + u32_at(table, table->functions_at + about + name);
	if (name >= table->size || !memchr(table->bytes + name, 0, table->size - name))
		return "";
	return (const char *)table->bytes + name;
}

/* ---- where the code begins ---- */

/* True if what the functions of the table begin with is, from there on, what functions of Go begin with. */
static bool text_fits(const struct go_table *table)
{
	__u64 step = table->functions / SAMPLES + 1, asked = 0, begin = 0;

	for (__u64 i = 0; i < table->functions; i += step) {
		__u64 entry = entry_of(table, i);
		const struct elf_segment *segment = elf_segment_at(table->words->elf, entry);

		if (!segment || !segment->executable)
			return false;
		asked++;
		begin += go_code_checks_stack(table->words->elf, entry);
	}
	return begin > asked / 3;
}

static bool try_text(struct go_table *table, __u64 text)
{
	table->text = text;
	return text && text_fits(table);
}

static bool find_text(struct go_table *table)
{
	struct elf *elf = table->words->elf;
	const struct elf_section *section = elf_section(elf, ".text");
	const struct elf_section *module = elf_section(elf, ".go.module");
	__u64 text;

	if (table->absolute)
		return text_fits(table);
	if (go_word(table->words, table->address + HEAD_BYTES + 16, &text) && try_text(table, text))
		return true;
	if (module && go_word(table->words, module->address + MODULE_TEXT, &text) &&
	    try_text(table, text))
		return true;
	return section && try_text(table, section->address);
}

int go_table_open(struct go_words *words, struct go_table *ret, struct error *reason)
{
	struct go_table table = {.words = words};
	__u32 magic;

	if (!find_place(words->elf, &table))
		return -ENOENT;
	magic = u32_at(&table, 0);
	if (!is_head(table.bytes))
		return error_set(reason, -ENOTSUP,
				 "its table of Go functions is one of an unknown layout (%08x)",
				 magic);
	table.absolute = magic == MAGIC_116;
	table.functions = head_word(&table, 0);
	table.names_at = head_word(&table, table.absolute ? 2 : 3);
	table.functions_at = head_word(&table, table.absolute ? 6 : 7);
	if (!table.functions || table.functions > FUNCTIONS_MAX ||
	    table.functions_at >= table.size || table.names_at >= table.size ||
	    (table.size - table.functions_at) / (table.absolute ? 16 : 8) <= table.functions)
		return error_set(reason, -ENOTSUP, "its table of Go functions is broken");
	if (!find_text(&table))
		return error_set(reason, -ENOTSUP,
				 "its table of Go functions does not say where the code begins");
	*ret = table;
	return 0;
}

void go_table_find(const struct go_table *table, struct go_function *functions, size_t n)
{
	for (__u64 i = 0; i < table->functions; i++) {
		const char *name = name_of(table, i);

		for (size_t f = 0; f < n; f++) {
			if (functions[f].from || strcmp(functions[f].name, name) != 0)
				continue;
			functions[f].from = entry_of(table, i);
			functions[f].to = entry_of(table, i + 1);
		}
	}
}
