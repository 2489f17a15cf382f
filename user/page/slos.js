/* SPDX-License-Identifier: GPL-2.0-only */
/* All SLOs, worst first. */

const SHOWN_MAX = 200;
let slo_filter = '';
let all_shown = false;

/* What somebody is told of. */
function firing(slo)
{
	return (slo.alerts || []).filter((alert) => alert.state === 'firing' && !alert.silenced);
}

const SEVERITIES = ['page', 'ticket', 'notice'];

/* The worst severity of those that fire: 0 is a page; SEVERITIES.length: none. */
function severity(slo)
{
	return Math.min(SEVERITIES.length, ...firing(slo).map((alert) => SEVERITIES.indexOf(alert.severity))
		.filter((i) => i >= 0));
}

function budget_left(slo)
{
	const left = slo.budget ? slo.budget.remaining_ratio : null;

	return known(left) ? left : Infinity;
}

function worst_first(slos)
{
	return [...slos].sort((a, b) => severity(a) - severity(b) || budget_left(a) - budget_left(b) ||
		(a.name < b.name ? -1 : 1));
}

/* In a word, for colours; colour is never all that says it. */
function budget_mood(left)
{
	return !known(left) ? 'unknown' : left <= 0 ? 'bad' : left < 0.2 ? 'warn' : 'good';
}

function budget_bar(left)
{
	const width = known(left) ? Math.max(0, Math.min(1, left)) * 100 : 0;

	return svg('svg', {class: `bar ${budget_mood(left)}`, viewBox: '0 0 100 4', preserveAspectRatio: 'none',
		'aria-hidden': 'true'},
		svg('rect', {class: 'rest', width: 100, height: 4, rx: 2}),
		width > 0 ? svg('rect', {class: 'left', width, height: 4, rx: 2}) : null);
}

function alert_chips(slo)
{
	const active = (slo.alerts || []).filter((alert) => alert.state !== 'ok');

	if (!active.length)
		return el('span', {class: 'none'}, 'none');
	return active.map((alert) => el('span', {class: `chip ${alert.state === 'firing' && !alert.silenced ? alert.severity : 'pending'}`},
		`${alert.name}${alert.state === 'firing' ? '' : ` (${alert.state})`}${alert.silenced ? ', silenced' : ''}`));
}

function slo_row(slo)
{
	const left = slo.budget ? slo.budget.remaining_ratio : null;
	const hour = slo.burn_rate ? slo.burn_rate['1h'] : null;

	return {
		class: severity(slo) < 2 ? 'burns' : null,
		cells: [
			[el('a', {href: `#/slo/${enc(slo.name)}`}, el('bdi', {}, slo.name)),
				el('span', {class: 'sub'}, el('bdi', {}, slo.service))],
			objective(slo.objective),
			availability(slo.availability, slo.objective),
			[percent(left), budget_bar(left)],
			burn(hour),
			[count(slo.bad), el('span', {class: 'sub'}, `of ${count(slo.eligible)}`)],
			alert_chips(slo),
		],
	};
}

const SLO_COLUMNS = [
	{name: 'SLO', head: true, class: 'wide'},
	{name: 'Objective', class: 'number'},
	{name: 'Availability', class: 'number'},
	{name: 'Budget left', class: 'number budget'},
	{name: 'Burn, 1 h', class: 'number'},
	{name: 'Bad', class: 'number'},
	{name: 'Alerts', class: 'chips'},
];

function slo_search(n)
{
	return n > 8 ? el('p', {class: 'filter'},
		el('label', {for: 'slo-filter'}, 'Only names with'),
		el('input', {id: 'slo-filter', type: 'search', value: slo_filter, autocomplete: 'off',
			oninput: (event) => {
				slo_filter = event.target.value;
				render();
			}})) : null;
}

/* One sentence: what an engineer wants to know first. */
function slos_summary(slos)
{
	const paging = slos.filter((slo) => severity(slo) === 0), burning = slos.filter((slo) => severity(slo) === 1);
	const spent = slos.filter((slo) => budget_left(slo) <= 0);
	const names = (list) => list.slice(0, 3).map((slo) => slo.name).join(', ') +
		(list.length > 3 ? ` and ${list.length - 3} more` : '');

	if (paging.length)
		return `${plural(paging.length, 'SLO burns', 'SLOs burn')} fast: ${names(paging)}.`;
	if (burning.length)
		return `${plural(burning.length, 'SLO burns', 'SLOs burn')}: ${names(burning)}.`;
	if (spent.length)
		return `Nothing burns now. The budget of ${names(spent)} is spent.`;
	return slos.length ? 'Nothing burns.' : '';
}

function coverage_notes(status)
{
	const coverage = status.coverage || {}, notes = [];

	if (coverage.lost)
		notes.push(`${plural(coverage.lost, 'request')} lost: seen, but without an outcome.`);
	if ((coverage.unmeasured || []).length)
		notes.push(`${plural(coverage.unmeasured.length, 'listener')} cannot be measured: ` +
			coverage.unmeasured.slice(0, 5).map((u) => `${u.process || '?'} on port ${u.port} (${u.reason})`)
				.join(', ') + '.');
	if (coverage.samples_lost)
		notes.push(`${plural(coverage.samples_lost, 'sample')} lost; counts are exact all the same.`);
	const samples = status.samples || {state: 'ok'};
	if (!['ok', 'off'].includes(samples.state))
		notes.push(`Samples: ${samples.state}${samples.reason ? `, ${samples.reason}` : ''}. Counts go on.`);
	for (const quiet of status.without_traffic || [])
		notes.push(`No request has come for ${quiet.service}.`);
	for (const warning of (status.agent || {}).warnings || [])
		notes.push(warning);
	if (status.store && status.store.state !== 'ok')
		notes.push(`History is ${status.store.state}: ${status.store.reason || ''}`);
	return notes.length ? el('section', {'aria-labelledby': 'notes'},
		el('h2', {id: 'notes'}, 'To know beside it'), el('ul', {class: 'notes'}, notes.map((n) => el('li', {}, n)))) : null;
}

const view_slos = {
	title: () => 'SLOs',
	needs: () => ['status'],
	render: () => {
		const status = body('status');

		if (!status)
			return waiting('status');
		const wanted = worst_first(status.slos || []).filter((slo) =>
			`${slo.name} ${slo.service}`.toLowerCase().includes(slo_filter.toLowerCase()));
		const shown = all_shown ? wanted : wanted.slice(0, SHOWN_MAX);
		return [
			el('h1', {tabindex: -1}, 'SLOs'),
			el('p', {class: 'lead'}, slos_summary(status.slos || [])),
			slo_search((status.slos || []).length),
			shown.length ? table('Service level objectives, worst first', SLO_COLUMNS, shown.map(slo_row),
				{class: 'cards'}) :
				el('p', {class: 'empty'}, slo_filter ? 'No SLO has that in its name.' :
					'No SLO yet: no service was found that answers HTTP.'),
			shown.length < wanted.length ? el('p', {}, el('button', {type: 'button', onclick: () => {
				all_shown = true;
				render();
			}}, `Show all ${count(wanted.length)}`)) : null,
			coverage_notes(status),
		];
	},
};
