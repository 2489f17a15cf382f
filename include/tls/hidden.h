/* SPDX-License-Identifier: GPL-2.0-only */
/* Which records of application data may be messages of TLS 1.3 itself. match.h says why. */
#ifndef SLIPROBE_TLS_HIDDEN_H
#define SLIPROBE_TLS_HIDDEN_H

#include "tls/cipher.h"
#include "tls/state.h"

enum { /* bytes: RFC 8446 */
       TLS_ALERT_BYTES = 2, /* section 6 */
       TLS_END_OF_EARLY_DATA_BYTES = 4, /* 4.5 */
       TLS_KEY_UPDATE_BYTES = 4 + 1, /* 4.6.3 */
       TLS_HANDSHAKE_LEAST =
	       TLS_KEY_UPDATE_BYTES + 1, /* what is longer is neither alert nor KeyUpdate */
};

/* Where a record stands in its way. */
enum tls_place {
	TLS_PLACE_HANDSHAKE, /* a message of a handshake may be here: of any length */
	TLS_PLACE_FINISH, /* likewise, but only what ends the handshake behind early data */
	TLS_PLACE_OPEN, /* neither */
};

static inline int tls_may_hide(const struct tls_cipher *cipher, struct tls_bounds bounds,
			       enum tls_place place)
{
	if (!bounds.least && cipher->minor < TLS_MINOR_13)
		return 1; /* an empty record, as some send against attacks on CBC */
	if (!bounds.most || cipher->minor < TLS_MINOR_13)
		return !bounds.most;
	if (place == TLS_PLACE_HANDSHAKE || tls_bounds_hold(bounds, TLS_ALERT_BYTES) ||
	    tls_bounds_hold(bounds, TLS_KEY_UPDATE_BYTES))
		return 1;
	return place == TLS_PLACE_FINISH && (tls_bounds_hold(bounds, cipher->finished) ||
					     tls_bounds_hold(bounds, TLS_END_OF_EARLY_DATA_BYTES));
}

#endif
