/* SPDX-License-Identifier: GPL-2.0-only */
/* One SLO: three figures, why it burns, the burn-down, and what stands behind them. */

function figure(name, value, more, mood)
{
	return el('div', {class: `figure ${mood || ''}`}, el('dt', {}, name),
		el('dd', {}, el('span', {class: 'big'}, value), more ? el('span', {class: 'sub'}, more) : null));
}

function three_figures(slo)
{
	const budget = slo.budget || {}, left = budget.remaining_ratio;
	const window = slo.window && slo.window.kind === 'calendar' ? 'this month' : `over ${span(slo.window_seconds)}`;
	const gone = budget.exhausted_in_seconds;

	return el('dl', {class: 'figures'},
		figure('Objective', objective(slo.objective), window),
		figure('Availability', availability(slo.availability, slo.objective),
			`${count(slo.bad)} bad of ${count(slo.eligible)}`,
			known(slo.availability) && slo.availability < slo.objective ? 'bad' : ''),
		figure('Budget left', percent(left), [
			known(budget.allowed) ? `${about(Math.max(0, budget.allowed * (1 - (budget.spent_ratio || 0))))} of ` +
				`${about(budget.allowed)} bad ${slo.slice ? 'slices' : 'requests'}` : null,
			budget.projected ? ', projected' : null,
			known(gone) && gone > 0 ? `; at this pace gone in ${span(gone)}` : null,
		], budget_mood(left)));
}

/* What happened in the SLO's window: {at, until, kind, text}, by time. */
function marks_of(slo)
{
	const alerts = ((body('alerts') || {}).changes || []).filter((c) => c.slo === slo.name && c.to === 'firing')
		.map((c) => ({at: seconds(c.at), kind: 'alert', text: `${moment(seconds(c.at))}: alert ${c.alert} (${c.severity}) began`}));
	const incidents = list_of('incidents', 'incidents').filter((i) => i.slo === slo.name).map((i) => ({
		at: seconds(incident_start(i)), until: seconds(i.resolved_at) || NaN, kind: 'incident', id: incident_id(i),
		text: `Incident ${incident_id(i)}: ${moment(seconds(incident_start(i)))} to ` +
			`${i.resolved_at ? moment(seconds(i.resolved_at)) : 'now'}`}));
	const changes = list_of('changes', 'changes').filter((c) => !c.service || c.service === slo.service)
		.map((c) => ({at: seconds(c.at), kind: 'change', text: `${moment(seconds(c.at))}: ${change_words(c)}`}));

	return [...alerts, ...incidents, ...changes].filter((mark) => known(mark.at)).sort((a, b) => a.at - b.at);
}

function change_words(change)
{
	const from_to = change.from || change.to ? ` ${change.from || '–'} → ${change.to || '–'}` : '';

	return `${change.service || 'host'}: ${change.what}${from_to}${change.detail ? ` (${change.detail})` : ''}` +
		(change.pid ? `, process ${change.pid}` : '');
}

/* A list in an answer that may not be there. */
function list_of(key, member)
{
	const answer = body(key);

	return Array.isArray(answer) ? answer : (answer || {})[member] || [];
}

/* Good and bad by day, for those who do not see the picture. */
function days_table(slo, history)
{
	const days = new Map();

	for (const [end, width, good, bad] of history.steps || []) {
		const name = day(new Date((end - width / 2) * 1000)), sums = days.get(name) || [0, 0];
		days.set(name, [sums[0] + good, sums[1] + bad]);
	}
	return table('Requests by day', [{name: 'Day', head: true}, {name: 'Good', class: 'number'}, {name: 'Bad', class: 'number'},
		{name: 'Availability', class: 'number'}],
		[...days].reverse().slice(0, 92).map(([name, [good, bad]]) => ({
			cells: [name, count(good), count(bad), availability(good + bad ? good / (good + bad) : null, slo.objective)]})));
}

const MARKS_LISTED = 40;

function burn_section(slo, history)
{
	const points = history ? burn_down(slo, history) : [], marks = marks_of(slo);
	const from = points.length ? points[0][0] : -Infinity;
	const listed = marks.filter((mark) => (mark.until || mark.at) >= from).slice(-MARKS_LISTED).reverse();

	return el('section', {'aria-labelledby': 'burn-down'},
		el('h2', {id: 'burn-down'}, 'Budget left over the window'),
		points.length ? el('div', {class: 'frame'}, burn_chart(points, history, marks)) :
			history ? el('p', {class: 'empty'}, 'Nothing was counted yet.') : waiting(`history:${slo.name}`),
		legend(listed),
		listed.length ? el('details', {}, el('summary', {}, `${plural(listed.length, 'mark')}, newest first`),
			el('ul', {class: 'marks'}, listed.map((mark) => el('li', {}, mark.id !== undefined ?
				el('a', {href: `#/incident/${enc(mark.id)}`}, mark.text) : mark.text)))) : null,
		history ? el('details', {}, el('summary', {}, 'By day, in figures'), days_table(slo, history)) : null);
}

function burn_rates(slo)
{
	const rates = Object.entries(slo.burn_rate || {});

	return el('section', {'aria-labelledby': 'burns'}, el('h2', {id: 'burns'}, 'Burn rate'),
		el('p', {class: 'sub'}, 'At 1 × the budget lasts exactly the window.'),
		el('dl', {class: 'rates burn'}, rates.map(([name, rate]) => el('div', {class: known(rate) && rate > 1 ? 'hot' : ''},
			el('dt', {}, name), el('dd', {}, burn(rate))))));
}

const REASONS = {
	status: 'status', latency: 'too slow', body: 'body too small', server_abort: 'the server gave up', client_abort: 'the client gave up, late',
	unanswered: 'unanswered', unknown: 'not known any more',
};

function reasons(slo)
{
	const found = Object.entries(slo.bad_by_reason || {}).filter(([, n]) => n > 0).sort((a, b) => b[1] - a[1]);

	return found.length ? el('section', {'aria-labelledby': 'reasons'}, el('h2', {id: 'reasons'}, 'Why they were bad'),
		table('Bad requests by the first reason that applies', [{name: 'Reason', head: true}, {name: 'Requests', class: 'number'},
			{name: 'Share', class: 'number'}], found.map(([name, n]) => ({
			cells: [REASONS[name] || name.replaceAll('_', ' '), count(n), percent(n / slo.bad)]})))) : null;
}

function slo_versions(slo)
{
	const versions = slo.versions || [];

	return versions.length ? el('section', {'aria-labelledby': 'slo-versions'}, el('h2', {id: 'slo-versions'}, 'By version'),
		table('Requests of each version, exact', [{name: 'Version', head: true}, {name: 'Good', class: 'number'},
			{name: 'Eligible', class: 'number'}, {name: 'Availability', class: 'number'}],
		versions.map((v) => ({cells: [foreign(v.version === '_older' ? 'older ones' : v.version), count(v.good), count(v.eligible),
			availability(v.eligible ? v.good / v.eligible : null, slo.objective)]})))) : null;
}

function about_section(slo)
{
	const about = slo.about || {}, definition = slo.definition || {}, coverage = slo.coverage || {};

	return el('section', {'aria-labelledby': 'about'}, el('h2', {id: 'about'}, 'What it is'), facts([
		['Purpose', about.purpose], ['Importance', about.importance], ['To mitigate', about.mitigation],
		['Runbook', about.runbook ? link(about.runbook) : null], ['Owner', about.owner],
		['Eligible', definition.eligible], ['Good', definition.good], ['A client that gives up', definition.client_abort],
		['Counted', known(coverage.ratio) ? `${percent(coverage.ratio)} of the time since it began` : null],
		['Lost', coverage.lost ? count(coverage.lost) : null],
		['Left out', slo.excluded ? `${count(slo.excluded)} by maintenance and silences` : null],
		['No alert, as', slo.no_alert],
	]));
}

function alerts_section(slo)
{
	const active = slo.alerts || [];

	return active.length ? el('section', {'aria-labelledby': 'alerts'}, el('h2', {id: 'alerts'}, 'Alerts'),
		table('Active alerts', [{name: 'Alert', head: true}, {name: 'Severity'}, {name: 'State'}, {name: 'Since'}],
			active.map((a) => ({cells: [a.name, el('span', {class: `chip ${a.severity}`}, a.severity),
				a.state + (a.silenced ? ', silenced' : ''), time(a.since)]})))) : null;
}

/* Whether somebody will want to know why. */
function burns(slo)
{
	return severity(slo) < SEVERITIES.length || ((slo.burn_rate || {})['1h'] || 0) > 1;
}

const view_slo = {
	title: (name) => name,
	needs: (name) => {
		const slo = body(`slo:${name}`);
		return [`slo:${name}`, `history:${name}`, 'alerts', 'incidents', 'changes',
			...(slo && (burns(slo) || report) ? [`explain:${name}`] : []),
			...(slo ? [heat_key(slo.service)] : [])];
	},
	render: (name) => {
		const slo = body(`slo:${name}`);

		if (!slo)
			return [el('h1', {tabindex: -1}, el('bdi', {}, name)), waiting(`slo:${name}`)];
		return [
			el('p', {class: 'above'}, el('a', {href: '#/'}, 'SLOs'), ' / ',
				el('a', {href: `#/service/${enc(slo.service)}`}, el('bdi', {}, slo.service))),
			el('h1', {tabindex: -1}, el('bdi', {}, slo.name)),
			slo.description ? el('p', {class: 'lead'}, slo.description) : null,
			three_figures(slo),
			why_section(slo),
			burn_section(slo, body(`history:${name}`)),
			el('div', {class: 'columns'}, el('div', {}, alerts_section(slo), burn_rates(slo)), reasons(slo)),
			slo_versions(slo),
			heat_map(slo.service),
			about_section(slo),
		];
	},
};
