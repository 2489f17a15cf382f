/* SPDX-License-Identifier: GPL-2.0-only */
#include "helper/packets.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/helper.h"

const char *tls_not_words(unsigned int reason)
{
	static const char *const words[TLS_NOT_COUNT] = {
#define X(id, text) [TLS_NOT_##id] = text,
		TLS_NOT_REASONS(X)
#undef X
	};

	return reason < TLS_NOT_COUNT ? words[reason] : "";
}

void tls_text_begin(char *to, size_t size, const char *text)
{
	const size_t n = strnlen(text, size - 1);

	memcpy(to, text, n);
	to[n] = 0;
}

void tls_text_end(char *to, size_t size, const char *text)
{
	const size_t n = strlen(text);

	tls_text_begin(to, size, n < size ? text : text + n - size + 1);
}

/* A text with its end. Control bytes become '?'; whether the others are UTF-8 is for who shows it. */
static bool clean_text(char *text, size_t size)
{
	if (!memchr(text, 0, size))
		return false;
	for (unsigned char *c = (unsigned char *)text; *c; c++) {
		if (*c < ' ' || *c == 0x7f)
			*c = '?';
	}
	return true;
}

static bool is_flag(__u32 value)
{
	return value <= 1;
}

static bool check_found(struct tls_packet_found *found)
{
	const bool probed = found->kind != TLS_FOUND_NOT;

	return clean_text(found->name, sizeof(found->name)) &&
	       clean_text(found->path, sizeof(found->path)) &&
	       clean_text(found->text, sizeof(found->text)) && found->kind < TLS_FOUND_KINDS &&
	       found->reason < TLS_NOT_COUNT && probed == (found->reason == TLS_NOT_NONE) &&
	       probed == (found->profile != 0) && found->profile < TLS_PROFILES_MAX &&
	       found->library <= TLS_LIBRARY_GO && is_flag(found->executable) &&
	       is_flag(found->sendfile);
}

static bool check_to_helper(struct tls_packet *packet)
{
	switch (packet->kind) {
	case TLS_GIVE:
		return packet->give < TLS_GIFTS;
	case TLS_EXCLUDE:
		return clean_text(packet->text, sizeof(packet->text)) && *packet->text;
	case TLS_BEGIN:
		return packet->begin.way < TLS_WAYS && packet->begin.mode < TLS_MODES;
	case TLS_LOOK:
		return packet->look.tgid && packet->look.tgid <= 1U << 22 &&
		       packet->look.why <= TLS_WANTED_SPEAKS &&
		       is_flag(packet->look.allow_executable);
	case TLS_LIST:
		return true;
	default:
		return false;
	}
}

static bool check_to_agent(struct tls_packet *packet)
{
	switch (packet->kind) {
	case TLS_STARTED:
		return packet->started.starts;
	case TLS_DIED:
	case TLS_FAILED:
		return clean_text(packet->text, sizeof(packet->text));
	case TLS_READY:
		return packet->ready.way < TLS_WAYS && is_flag(packet->ready.confined) &&
		       packet->ready.adopted < TLS_PROFILES_MAX;
	case TLS_ADOPTED:
		return check_found(&packet->found) && packet->found.profile;
	case TLS_FOUND:
		return check_found(&packet->found);
	case TLS_LOOKED:
		return packet->looked.probed < TLS_PROFILES_MAX;
	case TLS_GONE:
		return packet->gone.profile && packet->gone.profile < TLS_PROFILES_MAX;
	default:
		return false;
	}
}

int tls_packet_check(struct tls_packet *packet, size_t len, enum tls_packet_to to, bool has_fd)
{
	if (len != sizeof(*packet) || has_fd != (packet->kind == TLS_GIVE))
		return -EPROTO;
	return (to == TLS_TO_HELPER ? check_to_helper : check_to_agent)(packet) ? 0 : -EPROTO;
}

int tls_packet_send(int socket, const struct tls_packet *packet, int fd, bool wait)
{
	const int fds[HELPER_FDS] = {fd, -1};

	return helper_send(socket, packet, sizeof(*packet), fd >= 0 ? fds : NULL, wait);
}

int tls_packet_receive(int socket, enum tls_packet_to to, struct tls_packet *ret, int *ret_fd,
		       int timeout_ms)
{
	int fds[HELPER_FDS] = {-1, -1};
	const ssize_t n = helper_receive(socket, ret, sizeof(*ret), fds, timeout_ms);
	int r = n > 0 ? tls_packet_check(ret, (size_t)n, to, fds[0] >= 0) : (int)n;

	if (n == -EMSGSIZE || fds[1] >= 0)
		r = -EPROTO;
	close_descriptor_at(&fds[1]);
	if (ret_fd)
		*ret_fd = r || n <= 0 ? -1 : fds[0];
	if (!ret_fd || r)
		close_descriptor_at(&fds[0]);
	return r ?: n > 0;
}
