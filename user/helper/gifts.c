/* SPDX-License-Identifier: GPL-2.0-only */
#include "helper/gifts.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/cleanup.h"
#include "helper/objects.h"

void gifts_take(struct gifts *gifts, enum tls_gift what, int fd)
{
	close_descriptor_at(&gifts->fds[what]);
	gifts->fds[what] = fd;
}

int gifts_check_pins(int fd)
{
	struct statfs fs;
	struct stat status;

	if (fstat(fd, &status) || fstatfs(fd, &fs))
		return -errno;
	return S_ISDIR(status.st_mode) && fs.f_type == BPF_FS_MAGIC ? 0 : -EINVAL;
}

static int check_profiles(int fd, bool *ret_is_array)
{
	struct bpf_map_info info = {};
	__u32 len = sizeof(info);
	const int r = attach_is(fd, "bpf-map") ? bpf_obj_get_info_by_fd(fd, &info, &len) : -EINVAL;

	if (r)
		return r;
	if ((info.type != BPF_MAP_TYPE_ARRAY && info.type != BPF_MAP_TYPE_HASH) ||
	    info.key_size != sizeof(__u32) || info.value_size != sizeof(struct tls_profile) ||
	    info.max_entries < TLS_PROFILES_MAX - 1 || strcmp(info.name, "tls_profiles") != 0)
		return -EINVAL;
	*ret_is_array = info.type == BPF_MAP_TYPE_ARRAY;
	return 0;
}

static int refuse(const char *what, int r, struct error *error)
{
	return error_set(error, -EINVAL, "the agent's %s: %s", what, strerror(-r));
}

static int take(int *fd)
{
	const int ret = *fd;

	*fd = -1;
	return ret;
}

int gifts_use(struct gifts *gifts, enum tls_way way, struct probed *probed, struct error *ret_error)
{
	int *fds = gifts->fds;
	__u32 id;
	int r = attach_program_id(fds[TLS_GIFT_ENTER], &id);

	if (r)
		return refuse("program at the beginning of calls", r, ret_error);
	r = attach_program_id(fds[TLS_GIFT_RETURN], &id);
	if (r)
		return refuse("program at the end of calls", r, ret_error);
	r = check_profiles(fds[TLS_GIFT_PROFILES], &probed->profiles_are_array);
	if (r)
		return refuse("map of profiles", r, ret_error);
	r = objects_check(fds[TLS_GIFT_OBJECTS]);
	if (r)
		return refuse("map of objects", r, ret_error);
	r = fds[TLS_GIFT_PINS] < 0 ? 0 : gifts_check_pins(fds[TLS_GIFT_PINS]);
	if (r)
		return refuse("directory of pins", r, ret_error);
	probed->way = way;
	probed->programs.enter = take(&fds[TLS_GIFT_ENTER]);
	probed->programs.exit = take(&fds[TLS_GIFT_RETURN]);
	probed->profiles = take(&fds[TLS_GIFT_PROFILES]);
	probed->objects = take(&fds[TLS_GIFT_OBJECTS]);
	probed->pins = take(&fds[TLS_GIFT_PINS]);
	return 0;
}

void gifts_clear(struct gifts *gifts)
{
	for (size_t i = 0; i < TLS_GIFTS; i++) {
		close_descriptor_at(&gifts->fds[i]);
		gifts->fds[i] = -1;
	}
}
