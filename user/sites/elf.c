/* SPDX-License-Identifier: GPL-2.0-only */
#include "sites/elf.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	FILE_MAX = 2U << 30,
	BUDGET_BYTES = 512 << 20,
};

static int load_block(struct elf *elf, __u64 block)
{
	__u64 from = block * ELF_BLOCK_BYTES;
	__u64 len = elf->size - from < ELF_BLOCK_BYTES ? elf->size - from : ELF_BLOCK_BYTES;

	if (elf->have[block / 8] & 1 << block % 8)
		return 0;
	if (elf->budget_bytes < len)
		return -EFBIG;
	elf->budget_bytes -= len;
	for (__u64 got = 0; got < len;) {
		ssize_t n = pread(elf->fd, elf->bytes + from + got, len - got, (off_t)(from + got));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -ENOEXEC;
		got += (__u64)n;
	}
	elf->have[block / 8] |= (unsigned char)(1 << block % 8);
	return 0;
}

const void *elf_file(struct elf *elf, __u64 offset, __u64 len)
{
	if (!len || offset >= elf->size || len > elf->size - offset)
		return NULL;
	for (__u64 block = offset / ELF_BLOCK_BYTES; block <= (offset + len - 1) / ELF_BLOCK_BYTES;
	     block++) {
		if (load_block(elf, block))
			return NULL;
	}
	return elf->bytes + offset;
}

const struct elf_segment *elf_segment_at(const struct elf *elf, __u64 address)
{
	for (size_t i = 0; i < elf->n_segments; i++) {
		const struct elf_segment *segment = &elf->segments[i];

		if (address >= segment->address && address - segment->address < segment->size)
			return segment;
	}
	return NULL;
}

bool elf_offset(const struct elf *elf, __u64 address, __u64 *ret)
{
	const struct elf_segment *segment = elf_segment_at(elf, address);

	if (!segment)
		return false;
	*ret = segment->offset + (address - segment->address);
	return true;
}

const void *elf_at(struct elf *elf, __u64 address, __u64 len)
{
	const struct elf_segment *segment = elf_segment_at(elf, address);

	if (!segment || len > segment->size - (address - segment->address))
		return NULL;
	return elf_file(elf, segment->offset + (address - segment->address), len);
}

const struct elf_section *elf_section(const struct elf *elf, const char *name)
{
	for (size_t i = 0; i < elf->n_sections; i++) {
		if (!strcmp(elf->sections[i].name, name))
			return &elf->sections[i];
	}
	return NULL;
}

const struct elf_section *elf_section_at(const struct elf *elf, __u64 address)
{
	for (size_t i = 0; i < elf->n_sections; i++) {
		const struct elf_section *section = &elf->sections[i];

		if (section->address && section->type == SHT_PROGBITS &&
		    address >= section->address && address - section->address < section->size)
			return section;
	}
	return NULL;
}

bool elf_section_has(struct elf *elf, const char *name, const void *needle, size_t len)
{
	const struct elf_section *section = elf_section(elf, name);
	const void *bytes;

	if (!section || section->type == SHT_NOBITS || section->size > 64 << 20)
		return false;
	bytes = elf_file(elf, section->offset, section->size);
	return bytes && memmem(bytes, section->size, needle, len);
}

static void read_segments(struct elf *elf, const Elf64_Ehdr *head)
{
	for (unsigned int i = 0; i < head->e_phnum && i < 256; i++) {
		const void *at = elf_file(elf, head->e_phoff + (__u64)i * sizeof(Elf64_Phdr),
					  sizeof(Elf64_Phdr));
		Elf64_Phdr program;

		if (!at)
			return;
		memcpy(&program, at, sizeof(program));
		if (program.p_type == PT_DYNAMIC) {
			elf->dynamic = program.p_vaddr;
			elf->dynamic_size = program.p_filesz;
		} else if (program.p_type == PT_GNU_EH_FRAME) {
			elf->frames = program.p_vaddr;
			elf->frames_size = program.p_filesz;
		}
		if (program.p_type != PT_LOAD || elf->n_segments == ELF_SEGMENTS_MAX ||
		    program.p_offset > elf->size || program.p_filesz > elf->size - program.p_offset)
			continue;
		elf->segments[elf->n_segments++] = (struct elf_segment){
			.address = program.p_vaddr,
			.offset = program.p_offset,
			.size = program.p_filesz,
			.executable = program.p_flags & PF_X,
			.writable = program.p_flags & PF_W,
		};
	}
}

static int read_sections(struct elf *elf, const Elf64_Ehdr *head)
{
	const struct elf_section *names;

	if (!head->e_shnum || head->e_shentsize != sizeof(Elf64_Shdr))
		return 0;
	elf->sections = calloc(ELF_SECTIONS_MAX, sizeof(*elf->sections));
	if (!elf->sections)
		return -ENOMEM;
	for (unsigned int i = 0; i < head->e_shnum && i < ELF_SECTIONS_MAX; i++) {
		const void *at = elf_file(elf, head->e_shoff + (__u64)i * sizeof(Elf64_Shdr),
					  sizeof(Elf64_Shdr));
		struct elf_section *section = &elf->sections[i];
		Elf64_Shdr header;

		if (!at)
			break;
		memcpy(&header, at, sizeof(header));
		*section = (struct elf_section){
			.type = header.sh_type,
			.link = header.sh_link,
			.address = header.sh_addr,
			.offset = header.sh_offset,
			.size = header.sh_size,
			.entry_size = header.sh_entsize,
		};
		/* until the names are read, their number is kept where they go */
		memcpy(section->name, &header.sh_name, sizeof(header.sh_name));
		elf->n_sections = i + 1;
	}
	names = head->e_shstrndx < elf->n_sections ? &elf->sections[head->e_shstrndx] : NULL;
	for (size_t i = 0; i < elf->n_sections; i++) {
		struct elf_section *section = &elf->sections[i];
		const char *name = NULL;
		__u32 at;
		size_t len = 0;

		memcpy(&at, section->name, sizeof(at));
		memset(section->name, 0, sizeof(section->name));
		if (names && at < names->size) {
			len = names->size - at;
			if (len > sizeof(section->name) - 1)
				len = sizeof(section->name) - 1;
			name = elf_file(elf, names->offset + at, len);
		}
		if (name)
			memcpy(section->name, name, strnlen(name, len));
	}
	return 0;
}

static int read_file(struct elf *elf, struct error *error)
{
	const Elf64_Ehdr *at;
	Elf64_Ehdr head;

	at = elf_file(elf, 0, sizeof(head));
	if (!at)
		return error_set(error, -ENOEXEC, "it is no ELF file");
	memcpy(&head, at, sizeof(head));
	if (memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_ident[EI_CLASS] != ELFCLASS64 ||
	    head.e_ident[EI_DATA] != ELFDATA2LSB || head.e_machine != EM_X86_64 ||
	    (head.e_type != ET_EXEC && head.e_type != ET_DYN) ||
	    head.e_phentsize != sizeof(Elf64_Phdr))
		return error_set(error, -ENOEXEC, "it is no ELF program or library of x86-64");
	read_segments(elf, &head);
	if (!elf->n_segments)
		return error_set(error, -ENOEXEC, "it has nothing to load");
	if (read_sections(elf, &head))
		return error_set(error, -ENOMEM, "out of memory");
	return 0;
}

int elf_open(int fd, struct elf *ret, struct error *error)
{
	struct elf elf = {.fd = fd, .budget_bytes = BUDGET_BYTES};
	struct stat status;
	int r;

	if (fstat(fd, &status))
		return error_set(error, -errno, "it cannot be looked at: %m");
	if (!S_ISREG(status.st_mode) || status.st_size <= 0)
		return error_set(error, -ENOEXEC, "it is no regular file with something in it");
	if (status.st_size > FILE_MAX)
		return error_set(error, -EFBIG, "it is larger than 2 GiB");
	elf.size = (__u64)status.st_size;
	elf.have = calloc(elf.size / ELF_BLOCK_BYTES / 8 + 1, 1);
	elf.bytes = mmap(NULL, elf.size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (elf.bytes == MAP_FAILED)
		elf.bytes = NULL;
	r = elf.have && elf.bytes ? read_file(&elf, error) :
				    error_set(error, -ENOMEM, "out of memory");
	if (r) {
		elf_close(&elf);
		return r;
	}
	*ret = elf;
	return 0;
}

void elf_close(struct elf *elf)
{
	if (elf->bytes)
		munmap(elf->bytes, elf->size);
	free(elf->have);
	free(elf->sections);
	*elf = (struct elf){.fd = -1};
}
