/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The cache of objects whose sockets were found: a map of 12 MiB inside of the map tls_objects, which programs at calls
 * use. It is made with the first file that is probed, so that a host without TLS does not have it.
 */
#ifndef SLIPROBE_HELPER_OBJECTS_H
#define SLIPROBE_HELPER_OBJECTS_H

/* Whether a descriptor is of the map that the cache is put into. Returns 0 or -errno. */
int objects_check(int fd);

/* Makes the cache, if there is none yet. Returns 0 or -errno. */
int objects_make(int fd);

#endif
