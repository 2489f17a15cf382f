/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The directories that belong to the agent: its state, its pins in the BPF file system, its notes in
 * /run. They are made and given to its user while the agent may do so, with what an agent that ran as root
 * has left in them, and stay in reach: base/place.
 *
 * What is given away must be the agent's: root's own regular files with the agent's names, that have no
 * other name; no symbolic link is followed below the directory itself. A directory that an agent is using is
 * left alone.
 */
#ifndef SLIPROBE_CONFINE_PLACES_H
#define SLIPROBE_CONFINE_PLACES_H

#include "base/privilege.h"

/*
 * What cannot be made or given is left to be found by who opens it. Returns 0, or -ENOMEM: then a
 * directory may be out of reach later.
 */
int places_give(const struct privilege_user *user, const char *state_dir);

#endif
