/* SPDX-License-Identifier: GPL-2.0-only */
/* The libraries that are known. Each looks whether the file is one, or has one inside. */
#ifndef SLIPROBE_SITES_LIBRARIES_H
#define SLIPROBE_SITES_LIBRARIES_H

#include "sites/elf.h"
#include "sites/sites.h"

/*
 * Returns -ENOENT if the library's functions are not in the file, or are not known there; 0 with ret->kind and all
 * that belongs to it, and the reason of another kind than SITES_FOUND; or -ENOMEM.
 */
int openssl_find(struct elf *elf, struct sites *ret, struct error *reason);
int gnutls_find(struct elf *elf, struct sites *ret, struct error *reason);

/* What is known to be there by its traces alone. Always says something: SITES_NOTHING at the least. */
void traces_find(struct elf *elf, struct sites *ret, struct error *reason);

/* "OpenSSL 3.0", by what is written in the file; "" if that is not known. */
void openssl_name(struct elf *elf, char *ret, size_t size);
void gnutls_name(struct elf *elf, char *ret, size_t size);

#endif
