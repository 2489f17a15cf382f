/* SPDX-License-Identifier: GPL-2.0-only */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fixtures/test.h"
#include "report/json.h"

static struct snapshot_alerts nothing(void)
{
	return (struct snapshot_alerts){
		.receivers = json_array(),
		.silences = json_array(),
		.maintenance = json_array(),
		.store = {.reason = "", .path = "/x.db", .bytes = 4096},
	};
}

static void assert_text(struct snapshot_alerts *alerts, const char *expected)
{
	char *text = json_alerts(alerts);

	assert_string_equal(text, expected);
	free(text);
	snapshot_alerts_clear(alerts);
	assert_null(alerts->changes);
}

#define STORE                                                                                      \
	"\"store\": {\"state\": \"ok\", \"reason\": null, \"path\": \"/x.db\", \"bytes\": 4096}"

TEST(nothing_to_tell)
{
	struct snapshot_alerts alerts = nothing();

	assert_text(&alerts,
		    "{\"active\": [], \"notices\": [], \"changes\": [], "
		    "\"receivers\": [], \"silences\": [], \"maintenance\": [], " STORE "}");
}

TEST(active_alerts_name_their_slo)
{
	struct snapshot_alerts alerts = nothing();

	alerts.active = calloc(1, sizeof(*alerts.active));
	alerts.active[alerts.n_active++] = (struct snapshot_active){
		.slo = "checkout",
		.service = "n\xffginx:80",
		.incident = 7,
		.alert = {.name = "burn-1h",
			  .severity = SEVERITY_PAGE,
			  .status = ALERT_FIRING,
			  .since_unix = 1699999990,
			  .started_unix = NAN,
			  .silenced = true,
			  .reading = {.burn_long = {true, 20.25}}},
	};
	assert_text(
		&alerts,
		"{\"active\": [{\"name\": \"burn-1h\", \"severity\": \"page\", "
		"\"state\": \"firing\", \"since\": \"2023-11-14T22:13:10Z\", "
		"\"started_at\": null, \"silenced\": true, \"burn_long\": 20.25, "
		"\"burn_short\": null, \"slo\": \"checkout\", "
		"\"service\": \"n\\\\xffginx:80\", \"incident\": 7}], \"notices\": [], \"changes\": [], "
		"\"receivers\": [], \"silences\": [], \"maintenance\": [], " STORE "}");
}

TEST(open_notices_name_the_alerts_behind_them)
{
	struct snapshot_alerts alerts = nothing();
	struct snapshot_notice *notice = alerts.notices = calloc(1, sizeof(*notice));

	alerts.n_notices = 1;
	strcpy(notice->id, "4f1d");
	notice->service = strdup("shop");
	notice->n_services = 1;
	notice->severity = SEVERITY_TICKET;
	notice->started_unix = 1699999980;
	notice->alerts = calloc(2, sizeof(*notice->alerts));
	notice->n_alerts = 2;
	notice->alerts[0] = (struct snapshot_behind){strdup("checkout"), strdup("burn-3d")};
	notice->alerts[1] = (struct snapshot_behind){strdup("search"), strdup("spent")};
	assert_text(
		&alerts,
		"{\"active\": [], \"notices\": [{\"id\": \"4f1d\", \"service\": \"shop\", "
		"\"services\": 1, \"severity\": \"ticket\", \"started_at\": \"2023-11-14T22:13:00Z\", "
		"\"alerts\": [{\"slo\": \"checkout\", \"name\": \"burn-3d\"}, "
		"{\"slo\": \"search\", \"name\": \"spent\"}]}], \"changes\": [], "
		"\"receivers\": [], \"silences\": [], \"maintenance\": [], " STORE "}");
}

static struct snapshot_change change(const char *from, const char *to)
{
	return (struct snapshot_change){
		.at_unix = 1699999990.5,
		.slo = strdup("checkout"),
		.service = strdup("shop"),
		.alert = strdup("burn-1h"),
		.severity = strdup("page"),
		.from = strdup(from),
		.to = strdup(to),
		.started_unix = 1699999980,
	};
}

TEST(changes_keep_their_order)
{
	struct snapshot_alerts alerts = nothing();

	alerts.changes = calloc(2, sizeof(*alerts.changes));
	alerts.n_changes = 2;
	alerts.changes[0] = change("pending", "firing");
	alerts.changes[0].budget_spent_ratio = (struct maybe){true, 0.1};
	alerts.changes[1] = change("inactive", "pending");
	assert_text(&alerts,
		    "{\"active\": [], \"notices\": [], \"changes\": ["
		    "{\"at\": \"2023-11-14T22:13:10Z\", \"slo\": \"checkout\", "
		    "\"service\": \"shop\", \"alert\": \"burn-1h\", \"severity\": \"page\", "
		    "\"from\": \"pending\", \"to\": \"firing\", "
		    "\"started_at\": \"2023-11-14T22:13:00Z\", \"budget_spent_ratio\": 0.1}, "
		    "{\"at\": \"2023-11-14T22:13:10Z\", \"slo\": \"checkout\", "
		    "\"service\": \"shop\", \"alert\": \"burn-1h\", \"severity\": \"page\", "
		    "\"from\": \"inactive\", \"to\": \"pending\", "
		    "\"started_at\": \"2023-11-14T22:13:00Z\", \"budget_spent_ratio\": null}], "
		    "\"receivers\": [], \"silences\": [], \"maintenance\": [], " STORE "}");
}

/* They come as JSON, and go out as they are. */
TEST(rooms_above_speak_for_themselves)
{
	struct snapshot_alerts alerts = nothing();

	json_array_append_new(alerts.receivers, json_pack("{s:i}", "sent", 3));
	json_array_append_new(alerts.silences, json_pack("{s:s}", "id", "abc"));
	json_array_append_new(alerts.maintenance, json_pack("{s:b}", "active", 0));
	assert_text(&alerts, "{\"active\": [], \"notices\": [], \"changes\": [], "
			     "\"receivers\": [{\"sent\": 3}], \"silences\": [{\"id\": \"abc\"}], "
			     "\"maintenance\": [{\"active\": false}], " STORE "}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_to_tell),
		cmocka_unit_test(active_alerts_name_their_slo),
		cmocka_unit_test(open_notices_name_the_alerts_behind_them),
		cmocka_unit_test(changes_keep_their_order),
		cmocka_unit_test(rooms_above_speak_for_themselves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
