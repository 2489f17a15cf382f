/* SPDX-License-Identifier: GPL-2.0-only */
/* Incidents: what burned, for how long, and what was found. */

function incident_id(incident)
{
	return incident.number;
}

/* Its first bad step; where that is not known, when it was detected. */
function incident_start(incident)
{
	return incident.started_at || incident.detected_at;
}

function lasted(incident)
{
	const from = seconds(incident_start(incident)), to = seconds(incident.resolved_at);

	return known(to) ? span(to - from) : [span(Date.now() / 1000 - from), ', so far'];
}

/* What was found last. */
function incident_sentence(incident)
{
	const explain = incident.explain || {};

	return incident.sentence || (explain.resolution || {}).sentence || (explain.detection || {}).sentence;
}

/* A report is of some days, and perhaps of one SLO. */
function in_report(incident)
{
	return !report || ((!report.slo || incident.slo === report.slo) && (!incident.resolved_at ||
		seconds(incident.resolved_at) >= seconds(report.made_at) - report.days * 86400));
}

const INCIDENT_COLUMNS = [
	{name: 'Incident', head: true}, {name: 'SLO', class: 'wide'}, {name: 'Began'}, {name: 'Lasted', class: 'number'},
	{name: 'Budget spent', class: 'number'}, {name: 'What was found', class: 'wide'},
];

function incident_row(incident)
{
	return {
		class: incident.resolved_at ? null : 'burns',
		cells: [
			el('a', {href: `#/incident/${enc(incident_id(incident))}`}, `${incident_id(incident)}`,
				el('span', {class: 'unseen'}, `, of ${incident.slo}`)),
			el('a', {href: `#/slo/${enc(incident.slo)}`}, el('bdi', {}, incident.slo)),
			time(incident_start(incident)), lasted(incident), percent(incident.budget_spent_ratio),
			incident_sentence(incident) || el('span', {class: 'none'}, '–'),
		],
	};
}

const view_incidents = {
	title: () => 'Incidents',
	needs: () => ['incidents'],
	render: () => {
		const got = answer('incidents'), incidents = list_of('incidents', 'incidents').filter(in_report)
			.sort((a, b) => seconds(incident_start(b)) - seconds(incident_start(a)));

		return [
			el('h1', {tabindex: -1}, 'Incidents'),
			!got.status ? waiting('incidents') : !got.body ? el('p', {class: 'notice'}, got.status === 404 ?
				'This agent keeps no incidents.' : got.words) :
				incidents.length ? table('Incidents, newest first', INCIDENT_COLUMNS, incidents.slice(0, SHOWN_MAX).map(incident_row),
					{class: 'cards'}) : el('p', {class: 'empty'}, 'None: nothing has burned so that somebody was told.'),
		];
	},
};

function found_section(name, found)
{
	return found && typeof found === 'object' && (found.sentence || (found.findings || []).length) ? el('section', {class: 'why'},
		el('h2', {}, name), el('p', {class: 'sentence'}, found.sentence || 'Nothing stood out.'),
		(found.findings || []).length ? el('ul', {class: 'marks'}, found.findings.map((f) => el('li', {}, where_words(f.where),
			`: ${percent(f.bad_share)} of the bad, ${percent(f.good_share)} of the good`))) : null) : null;
}

function told_words(told)
{
	return `${told.receiver || 'A receiver'} was told (${[told.kind, told.severity].filter((w) => w).join(', ')}): ${told.result || '?'}` +
		(told.error ? `, ${told.error}` : '');
}

function silence_words(silence)
{
	return `Silenced${silence.by ? ` by ${silence.by}` : ''}${silence.until ? ` until ${moment(seconds(silence.until))}` : ''}` +
		(silence.comment ? `: ${silence.comment}` : '');
}

function incident_timeline(incident)
{
	const moments = [
		[incident.started_at, 'It began: the first bad step.'],
		...(incident.alerts || []).flatMap((a) => [[a.at, `Alert ${a.name} (${a.severity}) fired`], [a.until, `Alert ${a.name} ended`]]),
		[incident.resolved_at, incident.state === 'dropped' ? 'The SLO is not judged so any more.' : 'It was resolved.'],
		...(incident.changes || []).map((c) => [c.at, change_words(c)]),
		...(incident.notified || []).map((n) => [n.at, told_words(n)]),
		...(incident.silences || []).map((s) => [s.from, silence_words(s)]),
	].filter(([at]) => known(seconds(at))).sort((a, b) => seconds(a[0]) - seconds(b[0]));

	return el('section', {'aria-labelledby': 'timeline'}, el('h2', {id: 'timeline'}, 'Timeline'),
		el('ol', {class: 'timeline'}, moments.map(([at, text]) => el('li', {}, time(at), el('span', {}, text)))));
}

const view_incident = {
	title: (id) => `Incident ${id}`,
	needs: (id) => [`incident:${id}`, 'incidents'],
	render: (id) => {
		const incident = body(`incident:${id}`) || list_of('incidents', 'incidents').find((i) => String(incident_id(i)) === id);

		if (!incident)
			return [el('h1', {tabindex: -1}, `Incident ${id}`), waiting(`incident:${id}`)];
		const about = incident.about || {}, explain = incident.explain || {};
		return [
			el('p', {class: 'above'}, el('a', {href: '#/incidents'}, 'Incidents'), ' / ',
				el('a', {href: `#/slo/${enc(incident.slo)}`}, el('bdi', {}, incident.slo))),
			el('h1', {tabindex: -1}, `Incident ${id}`),
			incident_sentence(incident) ? el('p', {class: 'sentence'}, incident_sentence(incident)) : null,
			el('dl', {class: 'figures'}, figure('Lasted', lasted(incident)),
				figure('Until detected', span(seconds(incident.detected_at) - seconds(incident_start(incident)))),
				figure('Budget spent', percent(incident.budget_spent_ratio), `${count(incident.bad)} bad of ${count(incident.eligible)}`)),
			facts([['SLO', foreign(incident.slo)], ['Service', foreign(incident.service)], ['Severity', incident.severity],
				['State', incident.state], ['Purpose', about.purpose], ['To mitigate', about.mitigation], ['Owner', about.owner],
				['Runbook', about.runbook ? link(about.runbook) : null]]),
			incident_timeline(incident),
			found_section('What was found at detection', explain.detection),
			found_section('What was found at resolution', explain.resolution),
		];
	},
};
