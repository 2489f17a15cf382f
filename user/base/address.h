/* SPDX-License-Identifier: GPL-2.0-only */
/* Internet addresses with a port, as people write them. */
#ifndef SLIPROBE_BASE_ADDRESS_H
#define SLIPROBE_BASE_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

/*
 * "127.0.0.1:9464", "[::1]:9464", "[fe80::1%eth0]:9464": a numeric address and a port from 1 to 65535.
 * No name is resolved. Returns 0 and the address, or -EINVAL.
 */
int address_parse(const char *text, struct sockaddr_storage *ret, socklen_t *ret_len);

/* Whether nobody but this host reaches it: 127.0.0.0/8, or ::1. */
bool address_is_loopback(const char *text);

#endif
