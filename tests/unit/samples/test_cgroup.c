/* SPDX-License-Identifier: GPL-2.0-only */
/* Where a process runs, by the path of its cgroup. */
#include "tests/unit/fixtures/test.h"

#include <string.h>

#include "samples/cgroup.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define UID "11111111-2222-3333-4444-555555555555"
#define UID_ "11111111_2222_3333_4444_555555555555"

TEST(test_paths_tell_container_unit_and_pod)
{
	static const struct {
		const char *path, *container, *unit, *pod;
	} cases[] = {
		{"", "", "", ""},
		{"/", "", "", ""},
		{"/system.slice/shop.service", "", "shop.service", ""},
		{"/user.slice/user-1000.slice/user@1000.service/app.slice/shop.service/workers", "",
		 "shop.service", ""},
		{"/user.slice/user-0.slice/session-3.scope", "", "session-3.scope", ""},
		{"/system.slice/docker-" ID ".scope", ID, "", ""},
		{"/docker/" ID, ID, "", ""},
		{"/system.slice/containerd.service/" ID "/init", ID, "containerd.service", ""},
		{"/docker/" ID "0", "", "", ""},
		{"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID_
		 ".slice/cri-containerd-" ID ".scope",
		 ID, "", UID},
		{"/kubepods/besteffort/pod" UID "/" ID, ID, "", UID},
		{"/kubepods/pod"
		 "1234",
		 "", "", ""},
		{"/podpod" UID, "", "", UID},
		{"/system.slice/\x1b[2J.service", "", "\\u001b[2J.service", ""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cgroup_names names;

		memset(&names, 0xa5, sizeof(names));
		cgroup_read(cases[i].path, &names);
		assert_string_equal(names.container, cases[i].container);
		assert_string_equal(names.unit, cases[i].unit);
		assert_string_equal(names.pod, cases[i].pod);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths_tell_container_unit_and_pod),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
