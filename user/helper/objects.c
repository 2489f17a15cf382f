/* SPDX-License-Identifier: GPL-2.0-only */
#include "helper/objects.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>

#include "abi/tls.h"
#include "base/cleanup.h"
#include "helper/attach.h"

int objects_check(int fd)
{
	struct bpf_map_info info = {};
	__u32 len = sizeof(info);
	const int r = attach_is(fd, "bpf-map") ? bpf_obj_get_info_by_fd(fd, &info, &len) : -EINVAL;

	if (r)
		return r;
	return info.type == BPF_MAP_TYPE_ARRAY_OF_MAPS && info.max_entries == 1 &&
			       !strcmp(info.name, "tls_objects") ?
		       0 :
		       -EINVAL;
}

int objects_make(int fd)
{
	const __u32 only = 0;
	__u32 id;
	_cleanup_close_ int made = -1;

	if (!bpf_map_lookup_elem(fd, &only, &id))
		return 0;
	made = bpf_map_create(BPF_MAP_TYPE_LRU_HASH, "tls_objects_all",
			      sizeof(struct tls_object_key), sizeof(struct tls_object),
			      TLS_OBJECTS_MAX, NULL);
	return made < 0 ? made : bpf_map_update_elem(fd, &only, &made, BPF_ANY);
}
