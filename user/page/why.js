/* SPDX-License-Identifier: GPL-2.0-only */
/* What explain says of an SLO: the sentence on top, the evidence below it. */

const KINDS = {
	errors: 'errors', slow_queue: 'slow: requests wait in the queue', slow_service: 'slow in the service',
	slow_network: 'slow on the network', starved: 'starved of processor time', aborted: 'clients give up',
	unanswered: 'unanswered', mixed: 'several at once', none: null,
};

/* {"user_agent": "x", "route": "/y"}, or a list of {"dimension", "value"}. */
function where_pairs(where)
{
	return Array.isArray(where) ? where.map((w) => [w.dimension, w.value]) : Object.entries(where || {});
}

function where_words(where)
{
	return where_pairs(where).map(([name, value], i) => [i ? ' and ' : '', el('span', {class: 'field'}, name), ' ',
		foreign(value)]);
}

/* A value of a filter. */
function quoted(text)
{
	return `"${String(text).replace(/["\\]/g, '\\$&')}"`;
}

/* In the language of filters: user_agent="ShopApp/2.3". Continuous ones come as ">= 0.12". */
function where_filter(where)
{
	return where_pairs(where).map(([name, value]) => /^(<=|>=|<|>)/.test(value) ? name + value.replace(' ', '') :
		`${name}=${quoted(value)}`).join(' and ');
}

function finding_row(finding, slo)
{
	const filter = `bad_for=${quoted(slo.name)} and ${where_filter(finding.where)}`;

	return {cells: [
		[where_words(finding.where), el('span', {class: 'sub'}, finding.exact ? 'counted exactly' : 'by samples')],
		[percent(finding.bad_share), svg('svg', {class: 'bar bad', viewBox: '0 0 100 4', preserveAspectRatio: 'none', 'aria-hidden': 'true'},
			svg('rect', {class: 'rest', width: 100, height: 4, rx: 2}),
			svg('rect', {class: 'left', width: 100 * Math.min(1, finding.bad_share || 0), height: 4, rx: 2}))],
		[percent(finding.good_share), svg('svg', {class: 'bar good', viewBox: '0 0 100 4', preserveAspectRatio: 'none', 'aria-hidden': 'true'},
			svg('rect', {class: 'rest', width: 100, height: 4, rx: 2}),
			svg('rect', {class: 'left', width: 100 * Math.min(1, finding.good_share || 0), height: 4, rx: 2}))],
		[percent(finding.excess), el('span', {class: 'sub'}, `at least ${percent(finding.excess_low)}`)],
		report ? 'in the agent' : el('a', {href: `#/events/${enc(filter)}//1d`}, 'show them'),
	]};
}

function findings_table(explained, slo)
{
	return table('What the bad have more often than the good', [
		{name: 'Value', head: true, class: 'wide'}, {name: 'Of the bad', class: 'number'}, {name: 'Of the good', class: 'number'},
		{name: 'Would vanish', class: 'number'}, {name: 'Samples'}], explained.findings.map((f) => finding_row(f, slo)),
	{class: 'cards'});
}

function samples_words(samples)
{
	if (!samples)
		return null;
	return `Compared: ${plural(samples.bad, 'bad sample')} with ${count(samples.good)} good.` +
		(samples.enough === false && known(samples.needed) ? ` That is too few: ${count(samples.needed)} bad ones are needed.` : '');
}

function why_found(slo, explained)
{
	const findings = explained.findings || [], changes = explained.changes || [];

	return [
		el('p', {class: 'sentence'}, explained.sentence || 'Nothing stands out.'),
		el('p', {class: 'sub'}, [
			KINDS[explained.kind] ? `Kind: ${KINDS[explained.kind]}. ` : null,
			explained.onset ? ['It began at ', time(explained.onset), '. '] : null,
			samples_words(explained.samples),
			explained.no_samples ? ` By exact counts alone: ${explained.no_samples}.` : null]),
		findings.length ? findings_table(explained, slo) : null,
		changes.length ? el('div', {}, el('h3', {}, 'Changes just before'), el('ul', {class: 'marks'},
			changes.slice(-8).map((c) => el('li', {}, time(c.at), ' ', change_words(c))))) : null,
	];
}

let why_asked = ''; /* of the SLO that somebody asked for though it does not burn */

function why_section(slo)
{
	const key = `explain:${slo.name}`, explained = body(key), asked = answer(key);
	const title = el('h2', {id: 'why'}, burns(slo) ? 'Why it burns' : 'Why');

	if (explained)
		return el('section', {class: `why ${burns(slo) ? 'burns' : ''}`, 'aria-labelledby': 'why'}, title, why_found(slo, explained));
	if (report && !burns(slo))
		return null;
	if (burns(slo) || why_asked === slo.name)
		return el('section', {class: 'why', 'aria-labelledby': 'why'}, title,
			asked.status ? el('p', {class: 'empty'}, asked.status === 404 ? 'This agent cannot explain: it keeps no samples.' : asked.words) :
				waiting(key));
	return el('p', {}, el('button', {type: 'button', onclick: async () => {
		why_asked = slo.name;
		await ask(key);
		render();
	}}, 'Explain what failed'));
}
