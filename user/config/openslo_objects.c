/* SPDX-License-Identifier: GPL-2.0-only */
/* A file's objects by kind and name. */
#include <string.h>

#include "config/openslo_schema.h"

const char *const openslo_kinds[OPENSLO_KIND_COUNT] = {
	[OPENSLO_SLO] = "SLO",
	[OPENSLO_POLICY] = "AlertPolicy",
	[OPENSLO_CONDITION] = "AlertCondition",
	[OPENSLO_TARGET] = "AlertNotificationTarget",
	[OPENSLO_SERVICE] = "Service",
	[OPENSLO_SLI] = "SLI",
};

struct openslo_object *openslo_find(const struct openslo_file *file, enum openslo_kind kind,
				    const char *name)
{
	for (size_t i = 0; i < file->n; i++) {
		if (file->objects[i].kind == kind && !strcmp(file->objects[i].name, name))
			return &file->objects[i];
	}
	return NULL;
}
