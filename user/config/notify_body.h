/* SPDX-License-Identifier: GPL-2.0-only */
/* The keys of a webhook that say what is sent. Part of config/notify. */
#ifndef SLIPROBE_CONFIG_NOTIFY_BODY_H
#define SLIPROBE_CONFIG_NOTIFY_BODY_H

#include <stdbool.h>

#include "config/read.h"

/*
 * To config_receiver.body, whose content_type is known: text, or YAML, which becomes JSON. Refuses
 * unknown placeholders, and what is no JSON though it is sent as such.
 */
value_reader config_read_body;

bool config_valid_content_type(const char *text);
bool config_valid_header(const char *text);

#endif
