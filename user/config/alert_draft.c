/* SPDX-License-Identifier: GPL-2.0-only */
#include "config/alert_draft.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool valid_alert_name(const char *text)
{
	size_t len = strlen(text);

	return len && len < ALERT_NAME_BYTES && text[0] != '-' &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

int read_alert_severity(struct document *doc, yaml_node_t *node, const struct schema_field *field,
			void *base)
{
	const char *text = scalar_text(node);

	if (text && alert_severity_find(text, VALUE_AT(enum alert_severity, base, field)))
		return 0;
	return document_expected(doc, node, field->expected);
}

int append_alert_rule(struct document *doc, const yaml_node_t *node, struct config_slo *slo,
		      const struct alert_rule *rule)
{
	struct alert_rule *rules;

	for (size_t i = 0; i < slo->n_alerts; i++) {
		if (!strcmp(slo->alerts[i].name, rule->name))
			return document_refuse(doc, node,
					       "expected a name that is unique in the SLO, got "
					       "\"%s\" again",
					       rule->name);
	}
	if (slo->n_alerts == ALERT_RULES_MAX)
		return document_refuse(doc, node, "expected at most %d alerts, got more",
				       ALERT_RULES_MAX);
	rules = realloc(slo->alerts, (slo->n_alerts + 1) * sizeof(*rules));
	if (!rules)
		return -ENOMEM;
	slo->alerts = rules;
	slo->alerts[slo->n_alerts++] = *rule;
	return 0;
}
