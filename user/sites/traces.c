/* SPDX-License-Identifier: GPL-2.0-only */
/* What a file has, by words that are written in it: versions, and libraries whose functions are not to be found. */
#include <ctype.h>
#include <elf.h>
#include <stdio.h>
#include <string.h>

#include "sites/libraries.h"

enum {
	SECTION_BYTES_MAX = 64 << 20,
	VERSION_BYTES = 24,
	VERSIONS_MAX = 4096,
};

static const char *section_bytes(struct elf *elf, const char *name, size_t *ret_n)
{
	const struct elf_section *section = elf_section(elf, name);

	if (!section || section->type == SHT_NOBITS || section->size > SECTION_BYTES_MAX)
		return NULL;
	*ret_n = section->size;
	return elf_file(elf, section->offset, section->size);
}

/* Appends the word of letters, digits, dots and hyphens at `at` to ret. */
static void take_version(const char *at, const char *end, const char *what, char *ret, size_t size)
{
	char version[VERSION_BYTES];
	size_t n = 0;

	while (at + n < end && n + 1 < sizeof(version) &&
	       (isalnum((unsigned char)at[n]) || at[n] == '.' || at[n] == '-')) {
		version[n] = at[n];
		n++;
	}
	version[n] = '\0';
	snprintf(ret, size, "%s%s%s", what, n ? " " : "", version);
}

/* True of 3.0.17, not of 3.0: words like "since OpenSSL 3.0" are written, too. */
static bool is_version(const char *at, const char *end)
{
	unsigned int dots = 0;

	for (; at < end && (isdigit((unsigned char)*at) || *at == '.'); at++)
		dots += *at == '.';
	return dots == 2;
}

/* The first version behind `prefix` in the section. */
static bool find_version(struct elf *elf, const char *section, const char *prefix, const char *what,
			 char *ret, size_t size)
{
	size_t n, len = strlen(prefix);
	const char *bytes = section_bytes(elf, section, &n), *at = bytes;

	while (at && (at = memmem(at, n - (size_t)(at - bytes), prefix, len))) {
		at += len;
		if (is_version(at, bytes + n)) {
			take_version(at, bytes + n, what, ret, size);
			return true;
		}
	}
	return false;
}

/* The highest "OPENSSL_3.x.y" that the library defines: "3.x". */
static bool find_symbol_version(struct elf *elf, char *ret, size_t size)
{
	static const char PREFIX[] = "OPENSSL_";
	size_t n;
	const char *bytes = section_bytes(elf, ".dynstr", &n), *at = bytes;
	unsigned int best_major = 0, best_minor = 0, seen = 0;

	while (at && seen++ < VERSIONS_MAX &&
	       (at = memmem(at, n - (size_t)(at - bytes), PREFIX, sizeof(PREFIX) - 1))) {
		unsigned int major = 0, minor = 0;
		char text[8] = "";

		at += sizeof(PREFIX) - 1;
		memcpy(text, at,
		       (size_t)(bytes + n - at) < sizeof(text) - 1 ? (size_t)(bytes + n - at) :
								     sizeof(text) - 1);
		/* NOLINTNEXTLINE(cert-err34-c): two digits fit */
		if (sscanf(text, "%1u%*1[._]%2u", &major, &minor) != 2)
			continue;
		if (major > best_major || (major == best_major && minor > best_minor)) {
			best_major = major;
			best_minor = minor;
		}
	}
	if (best_major)
		snprintf(ret, size, "OpenSSL %u.%u", best_major, best_minor);
	return best_major;
}

void openssl_name(struct elf *elf, char *ret, size_t size)
{
	static const char BORING[] = "BoringSSL", AWS[] = "AWS-LC";

	if (find_version(elf, ".rodata", "LibreSSL ", "LibreSSL", ret, size) ||
	    find_version(elf, ".rodata", "OpenSSL ", "OpenSSL", ret, size))
		return;
	if (elf_section_has(elf, ".rodata", AWS, sizeof(AWS) - 1))
		snprintf(ret, size, "%s", AWS);
	else if (elf_section_has(elf, ".rodata", BORING, sizeof(BORING) - 1))
		snprintf(ret, size, "%s", BORING);
	else if (!find_symbol_version(elf, ret, size))
		snprintf(ret, size, "OpenSSL");
}

void gnutls_name(struct elf *elf, char *ret, size_t size)
{
	if (!find_version(elf, ".rodata", "Enabled GnuTLS ", "GnuTLS", ret, size))
		snprintf(ret, size, "GnuTLS");
}

static bool take_java(void *context, const struct elf_symbol *symbol)
{
	bool *java = context;

	*java |= !strcmp(symbol->name, "JLI_Launch") || !strcmp(symbol->name, "JNI_CreateJavaVM");
	return !*java;
}

void traces_find(struct elf *elf, struct sites *ret, struct error *reason)
{
	/* Names of source files, as assertions and errors tell them. */
	static const char OPENSSL[] = "ssl/ssl_lib.c", RUSTLS[] = "/rustls-",
			  GNUTLS[] = "Enabled GnuTLS ";
	struct sites sites = {.kind = SITES_NOTHING};
	bool java = false;

	elf_symbols(elf, take_java, &java);
	if (java) {
		sites.kind = SITES_JAVA;
		error_set(reason, 0, "Java has its own TLS");
	} else if (elf_section_has(elf, ".rodata", OPENSSL, sizeof(OPENSSL) - 1)) {
		sites.kind = SITES_STRIPPED;
		sites.profile.library = TLS_LIBRARY_OPENSSL;
		openssl_name(elf, sites.name, sizeof(sites.name));
		error_set(reason, 0, "%s is inside, without symbols", sites.name);
	} else if (elf_section_has(elf, ".rodata", GNUTLS, sizeof(GNUTLS) - 1)) {
		sites.kind = SITES_STRIPPED;
		sites.profile.library = TLS_LIBRARY_GNUTLS;
		gnutls_name(elf, sites.name, sizeof(sites.name));
		error_set(reason, 0, "%s is inside, without symbols", sites.name);
	} else if (elf_section_has(elf, ".rodata", RUSTLS, sizeof(RUSTLS) - 1)) {
		sites.kind = SITES_RUSTLS;
		find_version(elf, ".rodata", RUSTLS, "rustls", sites.name, sizeof(sites.name));
		error_set(reason, 0, "rustls has no functions that every build keeps");
	} else {
		error_set(reason, 0, "no TLS library");
	}
	*ret = sites;
}
