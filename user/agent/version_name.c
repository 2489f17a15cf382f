/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/version_name.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sha256.h"
#include "base/utf8.h"

const char *version_kind_name(enum version_kind kind)
{
	static const char *const names[] = {[VERSION_NOT_NAMED] = "unknown",
#define X(word, text) [VERSION_##word] = text,
					    VERSION_KINDS(X)
#undef X
	};

	return (size_t)kind < sizeof(names) / sizeof(names[0]) ? names[kind] : names[0];
}

static void set_unknown(struct version_name *ret)
{
	*ret = (struct version_name){.kind = VERSION_UNKNOWN, .name = "unknown"};
}

/* ---- told ---- */

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' :
	       c >= 'a' && c <= 'f' ? c - 'a' + 10 :
	       c >= 'A' && c <= 'F' ? c - 'A' + 10 :
				      -1;
}

/* Attributes' values are percent-encoded (W3C Baggage, section 3.3.1.1, which OTel's environment variable follows). */
static void percent_decode(char *text)
{
	char *to = text;

	for (const char *from = text; *from; to++) {
		int high = from[0] == '%' ? hex_digit(from[1]) : -1;
		int low = high >= 0 ? hex_digit(from[2]) : -1;

		if (low >= 0 && (high || low)) {
			*to = (char)(high << 4 | low);
			from += 3;
		} else {
			*to = *from++;
		}
	}
	*to = 0;
}

/* A longer one ends in a hash, so that two do not become the same. */
static void name_told(const struct version *version, struct version_name *ret)
{
	char told[TOLD_BYTES + 1], digest[SHA256_TEXT_BYTES], *shown;
	size_t len;

	snprintf(told, sizeof(told), "%.*s", TOLD_BYTES, version->told);
	if (version->told_by == ENV_ATTRIBUTES + 1)
		percent_decode(told);
	for (len = strlen(told); len && isspace((unsigned char)told[len - 1]); len--)
		told[len - 1] = 0;
	shown = utf8_show(told, "");
	if (!shown || !shown[0]) {
		free(shown);
		set_unknown(ret);
		return;
	}
	if (strlen(shown) < VERSION_NAME_BYTES) {
		snprintf(ret->name, sizeof(ret->name), "%s", shown);
	} else {
		size_t keep = VERSION_NAME_BYTES - 2 - VERSION_HASH_DIGITS;

		sha256_text(shown, strlen(shown), digest);
		while (keep && (shown[keep] & 0xc0) == 0x80)
			keep--; /* not within a character */
		snprintf(ret->name, sizeof(ret->name), "%.*s-%.*s", (int)keep, shown,
			 VERSION_HASH_DIGITS, digest);
	}
	free(shown);
}

/* ---- files ---- */

void version_build_id(const struct version *version, char ret[static BUILD_ID_TEXT_BYTES])
{
	size_t n =
		version->build_id_bytes < BUILD_ID_BYTES ? version->build_id_bytes : BUILD_ID_BYTES;

	ret[0] = 0;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = version->build_id[i];

		if (version->build_id_kind == BUILD_ID_GNU)
			snprintf(ret + 2 * i, 3, "%02x", c);
		else if (version->build_id_kind == BUILD_ID_GO)
			snprintf(ret + i, 2, "%c", isalnum(c) || c == '-' ? c : '_');
	}
}

static void name_file(const char *path, __u64 bytes, __u64 changed_ns,
		      char ret[static VERSION_NAME_BYTES])
{
	char text[EXE_BYTES + 64], digest[SHA256_TEXT_BYTES];
	int len =
		snprintf(text, sizeof(text), "%llu %llu %.*s", bytes, changed_ns, EXE_BYTES, path);

	sha256_text(text, (size_t)len, digest);
	snprintf(ret, VERSION_NAME_BYTES, "%.*s", VERSION_HASH_DIGITS, digest);
}

void version_name(const struct version *version, struct version_name *ret)
{
	*ret = (struct version_name){};
	if (version->told_by) {
		ret->kind = VERSION_ENV;
		name_told(version, ret);
	} else if (version->interpreter) {
		ret->kind = VERSION_NOT_NAMED;
		strcpy(ret->name, "unknown");
	} else if (version->build_id_bytes && version->build_id_kind != BUILD_ID_NONE) {
		char text[BUILD_ID_TEXT_BYTES];

		ret->kind = VERSION_BUILD_ID;
		version_build_id(version, text);
		snprintf(ret->name, sizeof(ret->name), "%.*s", VERSION_HASH_DIGITS, text);
	} else {
		ret->kind = VERSION_FILE;
		name_file(version->exe_path, version->exe.bytes, version->exe.changed_ns,
			  ret->name);
	}
}

void version_script(const char *path, bool jar, const struct version_file *file, __u64 started_ns,
		    struct version_name *ret)
{
	if (!file || file->touched_ns > started_ns || file->changed_ns > started_ns) {
		set_unknown(ret);
		snprintf(ret->script, sizeof(ret->script), "%s", path);
		return;
	}
	*ret = (struct version_name){.kind = jar ? VERSION_JAR : VERSION_SCRIPT};
	snprintf(ret->script, sizeof(ret->script), "%s", path);
	name_file(path, file->bytes, file->changed_ns, ret->name);
}
