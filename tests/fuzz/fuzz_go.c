/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Go executables that lie about their functions, their code and their types.
 *
 * Input: a byte that chooses the layout and the length, then changes of three bytes each: where, and what is
 * written there. What is found lies within the file.
 */
#include <unistd.h>

#include "sites/go.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/fixtures/go_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require_sites(const struct sites *sites, size_t file_bytes)
{
	require(sites->n >= 4 && sites->n <= SITES_MAX, "a number of sites that cannot be");
	require(!sites->list[0].returns, "no entry comes first");
	for (size_t i = 0; i < sites->n; i++)
		require(sites->list[i].at < file_bytes, "a site outside of the file");
	require(sites->profile.go.conn_at <= 4096 && sites->profile.go.sysfd_at <= 8192,
		"an offset that is too large");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct go_file file;
	static struct sites sites;
	size_t file_bytes = GO_FILE_BYTES;
	struct error reason = {0};
	struct elf elf;
	int fd, r;

	if (!size)
		return 0;
	go_file_make(&file, (enum go_layout)(data[0] % GO_LAYOUTS), data[0] & 0x10);
	if (data[0] & 0x20)
		file_bytes -= (size_t)(data[0] >> 6) * 0x700;
	for (size_t i = 1; i + 2 < size; i += 3)
		file.bytes[(data[i] | (size_t)data[i + 1] << 8) % GO_FILE_BYTES] = data[i + 2];
	fd = go_file_open(&file, file_bytes);
	require(fd >= 0, "no file");
	if (!elf_open(fd, &elf, &reason)) {
		r = go_find(&elf, &sites, &reason);
		require(r == 0 || r == -ENOENT, "a result that is not told");
		if (!r && sites.kind == SITES_FOUND)
			require_sites(&sites, file_bytes);
		else if (!r)
			require(sites.kind == SITES_GO_REFUSED && !sites.n && reason.text[0],
				"refused without a reason");
		elf_close(&elf);
	}
	close(fd);
	return 0;
}
