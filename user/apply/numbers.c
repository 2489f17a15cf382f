/* SPDX-License-Identifier: GPL-2.0-only */
#include "apply/numbers.h"

#include <errno.h>
#include <stdlib.h>

#include "apply/places.h"
#include "base/clock.h"

int numbers_init(struct numbers *numbers)
{
	int r;

	*numbers = (struct numbers){};
	numbers->places = calloc(1, sizeof(*numbers->places));
	r = numbers->places ? 0 : -ENOMEM;
	r = r ?: ids_new(SERVICE_CONFIGURED_MAX, &numbers->services);
	r = r ?: ids_new(ROUTES_MAX, &numbers->routes);
	if (r)
		numbers_clear(numbers);
	return r;
}

void numbers_clear(struct numbers *numbers)
{
	places_free(numbers->places);
	ids_free(numbers->services);
	ids_free(numbers->routes);
	*numbers = (struct numbers){};
}

static __u32 service_id(void *context, const char *name)
{
	return ids_number(((struct numbers *)context)->services, name);
}

static __u32 route_id(void *context, const char *route)
{
	return ids_number(((struct numbers *)context)->routes, route);
}

struct tables_ids numbers_ids(struct numbers *numbers)
{
	return (struct tables_ids){.service = service_id, .route = route_id, .context = numbers};
}

struct track_birth numbers_birth(struct numbers *numbers)
{
	return (struct track_birth){
		.serial = ++numbers->serials,
		.boottime_seconds = clock_seconds(CLOCK_BOOTTIME),
	};
}
