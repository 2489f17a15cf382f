/* SPDX-License-Identifier: GPL-2.0-only */
/* A message as the body that a webhook was given (config/body). Pure. */
#ifndef SLIPROBE_NOTIFY_MESSAGE_BODY_H
#define SLIPROBE_NOTIFY_MESSAGE_BODY_H

#include <jansson.h>

#include "config/body.h"

/*
 * The body with the message's values in their places: escaped for a JSON string, percent-encoded for
 * a form, or as they are. What is not known is empty; a number, null. malloc()ed, NULL when out of
 * memory.
 */
char *message_body(const json_t *message, const char *body, enum body_format format);

#endif
