/* SPDX-License-Identifier: GPL-2.0-only */
/* SHA-256: FIPS 180-4, section 6.2. */
#ifndef SLIPROBE_BASE_SHA256_H
#define SLIPROBE_BASE_SHA256_H

#include <stddef.h>

enum {
	SHA256_TEXT_BYTES = 65,
	SHA256_BASE64_BYTES = 45,
};

/* The digest as 64 lower-case hexadecimal digits. */
void sha256_text(const void *bytes, size_t len, char ret_text[static SHA256_TEXT_BYTES]);
/* The digest in base64, with its padding: RFC 4648, section 4. */
void sha256_base64(const void *bytes, size_t len, char ret_text[static SHA256_BASE64_BYTES]);

#endif
