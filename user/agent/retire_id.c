/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/retire_id.h"

bool retire_id_look(struct retire_id *id, const struct retire_look *look)
{
	if (look->spare || (look->listed && id->unlisted)) {
		*id = (struct retire_id){};
	} else if (!look->listed) {
		/* that it is unlisted may only be known now: then it is not unused yet */
		id->unused = id->unlisted && !look->met;
		id->unlisted = true;
		return false;
	}
	if (!look->listed || look->listens || look->met) {
		id->gone = false;
		return false;
	}
	if (!id->gone)
		id->gone_seconds = look->now_seconds;
	id->gone = true;
	id->unlisted = look->pressed || look->now_seconds - id->gone_seconds >= RETIRE_GONE_S;
	return id->unlisted;
}
