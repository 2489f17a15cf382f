/* SPDX-License-Identifier: GPL-2.0-only */
/* What tells receivers apart: for the agent, over restarts, too, and for people. Pure. */
#ifndef SLIPROBE_DELIVER_IDENTITY_H
#define SLIPROBE_DELIVER_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"

struct receiver_identity {
	/*
	 * Kind, and the path of the URL's file or else a digest of the address: URL, or command and arguments.
	 * On disk it stands for the receiver, so no secret is in it.
	 */
	char *key;
	char *address; /* kind and digest, with a file, too: who moves a URL into one goes on */
	char *older; /* kind and address as they are: agents before wrote that. A secret. */
	/* kind, scheme and host or command, name; with " #2" for the second one that would look alike */
	char *name;
	char *unnumbered; /* without " #2" */
};

/*
 * same_address, same_file: how many receivers of that kind and address, or URL file, stand before it in the
 * configuration. Returns 0, and identity_clear() after use; or -ENOMEM.
 */
int identity_make(const struct config_receiver *config, size_t same_address, size_t same_file,
		  struct receiver_identity *ret);
void identity_clear(struct receiver_identity *identity);

/* It is the `number`th that looks alike, from 2 on. Returns 0 or -ENOMEM. */
int identity_number(struct receiver_identity *identity, size_t number);

#endif
