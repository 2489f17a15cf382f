/* SPDX-License-Identifier: GPL-2.0-only */
/* The files that a receiver's secrets are in: url_file and header_file. Part of config/notify. */
#ifndef SLIPROBE_CONFIG_NOTIFY_FILES_H
#define SLIPROBE_CONFIG_NOTIFY_FILES_H

#include "config/config.h"
#include "config/document.h"

enum {
	NOTIFY_MAX_URL_BYTES = 4095,
	NOTIFY_MAX_HEADER_BYTES = 4095,
	NOTIFY_MAX_HEADERS = 32, /* those given and those of the file together */
};

/* What is expected. */
#define NOTIFY_URL "a URL that starts with http:// or https://"
#define NOTIFY_BASE_URL "a URL such as http://127.0.0.1:9093 without '?' or '#'"
#define NOTIFY_HEADER                                                                              \
	"a header such as \"X-Token: abc\" other than Content-Type, Content-Length and Host"

/*
 * Reads the files that the receiver at `node` names, whose other keys are read. A URL file holds one line, a
 * header file one header a line; empty lines are passed over. If doc->elsewhere, a file that cannot be opened
 * is no failure. Returns 0, -ENOMEM, or -EINVAL with doc->refusals added to.
 */
int config_read_notify_files(struct document *doc, yaml_node_t *node,
			     struct config_receiver *receiver);

#endif
