/* SPDX-License-Identifier: GPL-2.0-only */
/* What the agent says of TLS: in its snapshot, and after a reload. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/parts.h"
#include "agent/tls.h"
#include "base/cleanup.h"
#include "base/privilege.h"
#include "base/utf8.h"
#include "kernel/tls.h"

/* ---- a reload ---- */

/* "servers, without /usr/bin/clickhouse* and 2 others" */
static char *in_words(const struct config_tls *config)
{
	const char *mode = config_tls_mode_name(config->mode);
	char *text;
	int len;

	if (!config->n_exclude)
		return strdup(mode);
	if (config->n_exclude == 1)
		len = asprintf(&text, "%s, without %s", mode, config->exclude[0]);
	else
		len = asprintf(&text, "%s, without %s and %zu more", mode, config->exclude[0],
			       config->n_exclude - 1);
	return len < 0 ? NULL : text;
}

static bool is_same(const struct config_tls *a, const struct config_tls *b)
{
	bool same = a->mode == b->mode && a->n_exclude == b->n_exclude;

	for (size_t i = 0; same && i < a->n_exclude; i++)
		same = !strcmp(a->exclude[i], b->exclude[i]);
	return same;
}

int tls_tell_reload(const struct agent_tls *tls, const struct config_tls *now, struct reload *ret)
{
	_cleanup_free_ char *used = in_words(&tls->config), *wanted = in_words(now);

	if (!used || !wanted)
		return -ENOMEM;
	return is_same(&tls->config, now) ?
		       0 :
		       reload_line(&ret->takes_restart,
				   "tls is now %s; until a restart %s stays in use", wanted, used);
}

/* ---- the snapshot ---- */

static const char *helper_state(enum tls_helper_is is)
{
	static const char *const names[] = {
		[TLS_HELPER_OFF] = "off",     [TLS_HELPER_STARTS] = "starting",
		[TLS_HELPER_READY] = "ready", [TLS_HELPER_FAILED] = "failed",
		[TLS_HELPER_ENDED] = "ended",
	};

	return names[is];
}

/* "OpenSSL 3.0.17": the library, and its version. */
static int split_name(const char *name, struct snapshot_tls_file *ret)
{
	const char *space = strrchr(name, ' ');
	const bool versioned = space && space[1] >= '0' && space[1] <= '9';

	if (!name[0])
		return 0;
	ret->library = versioned ? strndup(name, (size_t)(space - name)) : strdup(name);
	ret->version = versioned ? strdup(space + 1) : NULL;
	return ret->library && (ret->version || !versioned) ? 0 : -ENOMEM;
}

static int take_file(const struct tls_table *table, const struct tls_file *file,
		     struct snapshot_tls_file *ret)
{
	_cleanup_free_ char *name = utf8_show(file->name, "");

	ret->path = utf8_show(file->path, "");
	ret->unprobed = file->text[0] ? utf8_show(file->text, "") : NULL;
	ret->profile = file->profile;
	ret->probes = file->probes;
	ret->processes = tls_table_users(table, file->profile);
	if (!name || !ret->path || (file->text[0] && !ret->unprobed))
		return -ENOMEM;
	return split_name(name, ret);
}

int tls_snapshot(const struct agent *agent, struct snapshot_tls *ret)
{
	const struct agent_tls *tls = &agent->tls;
	const enum probe_tls way = probe_tls(agent->kernel.probe);
	const bool runs = tls->helper && tls->helper->process.pid && tls->helper->process.fd >= 0;
	int r;

	ret->mode = config_tls_mode_name(tls->config.mode);
	ret->attach = way == PROBE_TLS_OFF ? NULL : probe_tls_name(way);
	ret->helper.pid = runs ? tls->helper->process.pid : 0;
	ret->helper.state = helper_state(tls->is);
	ret->helper.restarts = tls->starts ? tls->starts - 1 : 0;
	ret->helper.reason = utf8_show(tls->why, "");
	ret->state = tls->config.mode == CONFIG_TLS_OFF ? "off" :
		     tls->is == TLS_HELPER_READY	? "on" :
		     tls->is == TLS_HELPER_STARTS	? "starting" :
							  "limited";
	ret->files = calloc(tls->table.n_files ?: 1, sizeof(*ret->files));
	if (!ret->helper.reason || !ret->files)
		return -ENOMEM;
	r = privilege_names(tls->capabilities, &ret->helper.capabilities,
			    &ret->helper.n_capabilities);
	for (size_t i = 0; !r && i < tls->table.n_files; i++)
		r = take_file(&tls->table, &tls->table.files[i], &ret->files[ret->n_files++]);
	return r;
}
