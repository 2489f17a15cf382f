/* SPDX-License-Identifier: GPL-2.0-only */
#include "sites/go_words.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	RELOCATIONS_MAX = 2 << 20,
	DYNAMIC_MAX = 256,
};

static int compare(const void *a, const void *b)
{
	const struct go_relocation *x = a, *y = b;

	return (x->at > y->at) - (x->at < y->at);
}

/* Of PT_DYNAMIC: where the relocations are. */
static const char *find_relocations(struct elf *elf, size_t *ret_n)
{
	__u64 at = 0, bytes = 0;
	const char *list;

	for (size_t i = 0; i < DYNAMIC_MAX && i < elf->dynamic_size / sizeof(Elf64_Dyn); i++) {
		const void *entry =
			elf_at(elf, elf->dynamic + i * sizeof(Elf64_Dyn), sizeof(Elf64_Dyn));
		Elf64_Dyn dynamic;

		if (!entry)
			break;
		memcpy(&dynamic, entry, sizeof(dynamic));
		if (dynamic.d_tag == DT_NULL)
			break;
		if (dynamic.d_tag == DT_RELA)
			at = dynamic.d_un.d_ptr;
		else if (dynamic.d_tag == DT_RELASZ)
			bytes = dynamic.d_un.d_val;
	}
	if (bytes / sizeof(Elf64_Rela) > RELOCATIONS_MAX)
		bytes = (__u64)RELOCATIONS_MAX * sizeof(Elf64_Rela);
	list = elf_at(elf, at, bytes);
	*ret_n = list ? bytes / sizeof(Elf64_Rela) : 0;
	return list;
}

int go_words_init(struct elf *elf, struct go_words *ret)
{
	struct go_words words = {.elf = elf};
	const char *list;
	size_t n;

	list = find_relocations(elf, &n);
	if (n) {
		words.list = malloc(n * sizeof(*words.list));
		if (!words.list)
			return -ENOMEM;
	}
	for (size_t i = 0; i < n; i++) {
		Elf64_Rela rela;

		memcpy(&rela, list + i * sizeof(rela), sizeof(rela));
		if (ELF64_R_TYPE(rela.r_info) == R_X86_64_RELATIVE)
			words.list[words.n++] = (struct go_relocation){
				.at = rela.r_offset,
				.value = (__u64)rela.r_addend,
			};
	}
	if (words.n)
		qsort(words.list, words.n, sizeof(*words.list), compare);
	*ret = words;
	return 0;
}

void go_words_clear(struct go_words *words)
{
	free(words->list);
	*words = (struct go_words){0};
}

bool go_word(struct go_words *words, __u64 address, __u64 *ret)
{
	struct go_relocation key = {.at = address};
	const struct go_relocation *relocation = NULL;
	const void *at;

	if (words->n)
		relocation = bsearch(&key, words->list, words->n, sizeof(key), compare);
	if (relocation) {
		*ret = relocation->value;
		return true;
	}
	at = elf_at(words->elf, address, sizeof(*ret));
	if (!at)
		return false;
	memcpy(ret, at, sizeof(*ret));
	return true;
}

/* False if the callback has had enough. */
static bool each_of_segment(struct elf *elf, const struct elf_segment *segment, __u64 value,
			    bool (*fn)(void *context, __u64 address), void *context)
{
	const char *bytes = elf_at(elf, segment->address, segment->size);
	/* pointers lie at whole words of memory */
	__u64 from = -segment->address % sizeof(value);

	for (__u64 i = from; bytes && i + sizeof(value) <= segment->size; i += sizeof(value)) {
		if (!memcmp(bytes + i, &value, sizeof(value)) && !fn(context, segment->address + i))
			return false;
	}
	return true;
}

void go_words_each(struct go_words *words, __u64 value, bool (*fn)(void *context, __u64 address),
		   void *context)
{
	for (size_t i = 0; i < words->n; i++) {
		if (words->list[i].value == value && !fn(context, words->list[i].at))
			return;
	}
	for (size_t i = 0; i < words->elf->n_segments; i++) {
		const struct elf_segment *segment = &words->elf->segments[i];

		if (!segment->executable &&
		    !each_of_segment(words->elf, segment, value, fn, context))
			return;
	}
}
