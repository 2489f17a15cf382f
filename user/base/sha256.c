/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/sha256.h"

#include <nettle/base16.h>
#include <nettle/base64.h>
#include <nettle/sha2.h>

_Static_assert(SHA256_TEXT_BYTES == BASE16_ENCODE_LENGTH(SHA256_DIGEST_SIZE) + 1, "the digits fit");
_Static_assert(SHA256_BASE64_BYTES == BASE64_ENCODE_RAW_LENGTH(SHA256_DIGEST_SIZE) + 1,
	       "as do these");

static void digest_of(const void *bytes, size_t len, uint8_t ret[static SHA256_DIGEST_SIZE])
{
	struct sha256_ctx context;

	sha256_init(&context);
	sha256_update(&context, len, bytes);
	sha256_digest(&context, SHA256_DIGEST_SIZE, ret);
}

void sha256_text(const void *bytes, size_t len, char ret_text[static SHA256_TEXT_BYTES])
{
	uint8_t digest[SHA256_DIGEST_SIZE];

	digest_of(bytes, len, digest);
	base16_encode_update(ret_text, sizeof(digest), digest);
	ret_text[SHA256_TEXT_BYTES - 1] = 0;
}

void sha256_base64(const void *bytes, size_t len, char ret_text[static SHA256_BASE64_BYTES])
{
	uint8_t digest[SHA256_DIGEST_SIZE];

	digest_of(bytes, len, digest);
	base64_encode_raw(ret_text, sizeof(digest), digest);
	ret_text[SHA256_BASE64_BYTES - 1] = 0;
}
