/* SPDX-License-Identifier: GPL-2.0-only */
/* Samples: requests in context, by a filter that is written as for slictl events. */

const EVENTS_LIMIT = 100;
const GROUPS = ['', 'route', 'method', 'status', 'grpc_status', 'outcome', 'version', 'user_agent', 'client', 'client_network', 'host', 'path',
	'process', 'container', 'pod'];
const SHOWN_TEXT = 120;
const SPANS = [['1h', 'hour'], ['6h', '6 hours'], ['1d', 'day'], ['7d', '7 days']];
let opened = ''; /* the event that is shown whole, by its id or time */
let text_filter = ''; /* of a report: there is nobody to ask */

/* "#/events/FILTER/GROUP/SINCE" */
function events_key(filter, group, since)
{
	const query = [`limit=${EVENTS_LIMIT}`, `since=${enc(since || SPANS[0][0])}`];

	if (filter)
		query.push(`filter=${enc(filter)}`);
	if (group)
		query.push(`by=${enc(group)}`);
	return report ? 'events:' : `events:${query.join('&')}`;
}

function event_id(event)
{
	return String(event.id || event.time + event.path);
}

/* Every field, under the name that a filter takes. */
function event_facts(event)
{
	const values = [];

	for (const [name, value] of Object.entries(event)) {
		if (value === null || value === undefined || (Array.isArray(value) && !value.length))
			continue;
		if (name === 'headers')
			values.push(...Object.entries(value).map(([header, text]) => [`header.${header}`, foreign(text)]));
		else if (name.endsWith('_seconds') && known(value))
			values.push([name.slice(0, -'_seconds'.length), latency(value)]);
		else if (name.startsWith('bytes_'))
			values.push([name, bytes(value)]);
		else
			values.push([name, foreign(Array.isArray(value) ? value.join(', ') : value)]);
	}
	return facts(values);
}

/* Of a gRPC request that has succeeded as one of HTTP, as nearly all have, the status of gRPC. */
function status_words(event)
{
	const success = !known(event.status) || Math.floor(event.status / 100) === 2;

	return event.grpc_status && success ? event.grpc_status : event.status;
}

function event_result(event)
{
	const bad = event.bad === true || (event.bad_for || []).length || event.status >= 500 || event.outcome !== 'complete';

	return el('span', {class: `chip ${bad ? 'page' : 'plain'}`}, status_words(event) ||
		(event.outcome || '?').replaceAll('_', ' '));
}

const EVENT_COLUMNS = [
	{name: 'Time'}, {name: 'Result'}, {name: 'Request', head: true, class: 'wide'}, {name: 'Took', class: 'number'},
	{name: 'Version'}, {name: 'User agent', class: 'wide'}, {name: 'Client'},
];

/* In a row; below it all of it can be seen. */
function shortened(text)
{
	return text && text.length > SHOWN_TEXT ? `${text.slice(0, SHOWN_TEXT)} …` : text;
}

function event_rows(event)
{
	const id = event_id(event), open = id === opened;
	const cell = (i, ...content) => el(EVENT_COLUMNS[i].head ? 'th' : 'td', {role: EVENT_COLUMNS[i].head ? 'rowheader' : 'cell',
		scope: EVENT_COLUMNS[i].head ? 'row' : null, class: EVENT_COLUMNS[i].class, 'data-name': EVENT_COLUMNS[i].name},
		el('div', {}, content));
	const toggle = el('button', {type: 'button', class: 'plain', 'aria-expanded': String(open), onclick: () => {
		opened = open ? '' : id;
		render();
	}}, el('span', {'aria-hidden': 'true'}, open ? '▾ ' : '▸ '), time(event.time), el('span', {class: 'unseen'}, ', all fields'));

	return [
		el('tr', {role: 'row', class: open ? 'open' : null}, cell(0, toggle), cell(1, event_result(event)),
			cell(2, el('span', {class: 'light'}, el('bdi', {}, event.method), ' ', foreign(shortened(event.path))), el('span', {class: 'sub'}, el('bdi', {}, event.service))),
			cell(3, latency(event.total_seconds)), cell(4, foreign(event.version)), cell(5, foreign(shortened(event.user_agent))),
			cell(6, foreign(event.client))),
		open ? el('tr', {role: 'row', class: 'whole'}, el('td', {role: 'cell', colspan: EVENT_COLUMNS.length}, event_facts(event))) : null,
	].filter((row) => row);
}

const GROUP_COLUMNS = [
	{name: 'Requests', class: 'number'}, {name: 'Bad', class: 'number'}, {name: 'Share that is bad', class: 'number'},
	{name: 'Of all bad', class: 'number'}, {name: 'p50', class: 'number'}, {name: 'p99', class: 'number'}, {name: 'Samples', class: 'number'},
];

function group_row(by, group)
{
	const samples = count(group.samples);

	return {
		cells: [
			...by.map((name) => foreign((group.key || {})[name])),
			about(group.requests), about(group.bad), percent(group.bad_share), percent(group.share_of_bad),
			latency(group.p50_seconds), latency(group.p99_seconds),
			group.filter ? el('a', {href: `#/events/${enc(group.filter)}//${enc(place()[3] || '')}`}, samples) : samples,
		],
	};
}

function group_table(answer)
{
	const by = answer.by || [], columns = [...by.map((name) => ({name, head: true, class: 'wide'})), ...GROUP_COLUMNS];

	return [
		table('Groups, those with most bad requests first: weighted to what was counted', columns,
			answer.groups.map((group) => group_row(by, group)), {class: 'cards'}),
		answer.rest ? el('p', {class: 'sub'}, `${plural(answer.rest.groups, 'more group')} with ${about(answer.rest.requests)} requests.`) : null,
	];
}

/* "events" as the agent gives them, oldest first, or a list. */
function events_of(answer)
{
	const events = Array.isArray(answer) ? answer : (answer || {}).events || [];

	return [...events].sort((a, b) => (a.time < b.time ? 1 : -1));
}

function matches(event)
{
	return !text_filter || JSON.stringify(event).toLowerCase().includes(text_filter.toLowerCase());
}

function events_list(answer)
{
	const events = events_of(answer).filter((event) => !report || matches(event));

	if (!events.length)
		return el('p', {class: 'empty'}, 'No sample matches.');
	return [
		el('p', {class: 'sub'}, `The newest ${plural(events.length, report ? 'bad sample' : 'sample')}. Bad requests are all kept up to a rate, of good ` +
			'ones few: counts stand with the SLOs and services.'),
		table('Samples, newest first', EVENT_COLUMNS, events.flatMap(event_rows), {class: 'cards'}),
	];
}

function choice(id, label, options, chosen)
{
	return el('div', {}, el('label', {for: id}, label),
		el('select', {id, name: id}, options.map(([value, name]) => el('option', {value, selected: value === chosen}, name))));
}

function events_form(filter, group, since)
{
	return el('form', {class: 'ask', role: 'search', onsubmit: (event) => {
		const fields = event.target.elements;
		event.preventDefault();
		const to = `#/events/${enc(fields.filter.value.trim())}/${enc(fields.group.value)}/${enc(fields.since.value)}`;
		if (location.hash === to)
			outdate(events_key(filter, group, since)), refresh();
		else
			location.hash = to;
	}},
	el('div', {class: 'grow'}, el('label', {for: 'filter'}, 'Filter'),
		el('input', {id: 'filter', name: 'filter', type: 'text', value: filter, autocomplete: 'off', autocapitalize: 'off',
			spellcheck: 'false', 'aria-describedby': 'filter-help'})),
	choice('group', 'Group by', GROUPS.map((name) => [name, name || 'nothing']), group),
	choice('since', 'Of the last', SPANS, since || SPANS[0][0]),
	el('button', {type: 'submit'}, 'Show'),
	el('p', {id: 'filter-help', class: 'sub'}, 'Such as ', el('code', {}, 'status>=500 and route=/checkout and total>200ms'),
		' or ', el('code', {}, 'user_agent~"curl/*"'), '.'));
}

function report_filter()
{
	return el('p', {class: 'filter'}, el('label', {for: 'text-filter'}, 'Only those with'),
		el('input', {id: 'text-filter', type: 'search', value: text_filter, autocomplete: 'off', oninput: (event) => {
			text_filter = event.target.value;
			render();
		}}));
}

const view_events = {
	title: () => 'Samples',
	needs: (filter, group, since) => [events_key(filter, group, since)],
	render: (filter, group, since) => {
		const key = events_key(filter, group, since), got = answer(key);

		return [
			el('h1', {tabindex: -1}, 'Samples'),
			report ? report_filter() : events_form(filter || '', group || '', since),
			!got.status ? waiting(key) : got.body === null ? el('p', {class: 'notice', role: got.status === 400 ? 'alert' : null},
				got.status === 404 ? 'This agent keeps no samples.' : got.words) :
				Array.isArray(got.body.groups) ? group_table(got.body) : events_list(got.body),
		];
	},
};
