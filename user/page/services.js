/* SPDX-License-Identifier: GPL-2.0-only */
/* Services, and one of them with its routes and versions. */

function outcome_words(service)
{
	return Object.entries(service.outcomes || {}).filter(([name, n]) => n && name !== 'complete')
		.map(([name, n]) => `${count(n)} ${name.replaceAll('_', ' ')}`).join(', ');
}

const SERVICE_COLUMNS = [
	{name: 'Service', head: true, class: 'wide'},
	{name: 'Each second', class: 'number'},
	{name: 'Errors, 5 min', class: 'number'},
	{name: 'Half faster than', class: 'number'},
	{name: '99 % faster than', class: 'number'},
	{name: 'Requests', class: 'number'},
];

function service_row(service)
{
	const window = service.window || {}, seen = window.latency_seconds || {};

	return {
		class: window.error_ratio > 0.01 ? 'burns' : null,
		cells: [
			[el('a', {href: `#/service/${enc(service.name)}`}, el('bdi', {}, service.name)), el('span', {class: 'sub'},
				[service.process ? el('bdi', {}, service.process) : 'nobody yet', service.port ? `, port ${service.port}` : null])],
			known(window.requests_per_second) ? window.requests_per_second.toFixed(1) : UNKNOWN,
			percent(window.error_ratio), latency(seen.p50), latency(seen.p99), count(service.requests),
		],
	};
}

const view_services = {
	title: () => 'Services',
	needs: () => ['services'],
	render: () => {
		const services = (body('services') || {}).services;

		if (!services)
			return [el('h1', {tabindex: -1}, 'Services'), waiting('services')];
		const busiest = [...services].sort((a, b) => ((b.window || {}).requests || 0) - ((a.window || {}).requests || 0) ||
			b.requests - a.requests);
		return [
			el('h1', {tabindex: -1}, 'Services'),
			el('p', {class: 'lead'}, `${plural(services.length, 'service')}, the busiest of the last 5 minutes first.`),
			busiest.length ? table('Services', SERVICE_COLUMNS, busiest.slice(0, SHOWN_MAX).map(service_row), {class: 'cards'}) :
				el('p', {class: 'empty'}, 'No server that answers HTTP was seen.'),
			busiest.length > SHOWN_MAX ? el('p', {class: 'sub'}, `${count(busiest.length - SHOWN_MAX)} more: slictl services`) : null,
		];
	},
};

const ROUTE_COLUMNS = [
	{name: 'Route', head: true, class: 'wide'},
	{name: 'Each second', class: 'number'},
	{name: 'Errors', class: 'number'},
	{name: 'p50', class: 'number'},
	{name: 'p99', class: 'number'},
	{name: 'p99 before', class: 'number'},
	{name: 'All', class: 'number'},
];

function route_row(route)
{
	const window = route.window || {}, before = route.before || {};

	return {
		class: window.error_ratio > 0.01 ? 'burns' : null,
		cells: [
			[el('bdi', {}, route.method), ' ', el('bdi', {}, route.route)],
			known(window.requests_per_second) ? window.requests_per_second.toFixed(1) : UNKNOWN,
			percent(window.error_ratio),
			latency((window.latency_seconds || {}).p50), latency((window.latency_seconds || {}).p99),
			latency((before.latency_seconds || {}).p99), count(route.requests),
		],
	};
}

function routes_section(service)
{
	const routes = [...service.routes || []].sort((a, b) => ((b.window || {}).requests || 0) - ((a.window || {}).requests || 0) ||
		b.requests - a.requests);

	return el('section', {'aria-labelledby': 'routes'}, el('h2', {id: 'routes'}, 'Routes'),
		routes.length ? table('Routes: the last 5 minutes, beside the hour before', ROUTE_COLUMNS, routes.slice(0, SHOWN_MAX).map(route_row),
			{class: 'cards'}) : el('p', {class: 'empty'}, 'No request has come yet.'));
}

function versions_section(service)
{
	const versions = service.versions || [];

	return versions.length ? el('section', {'aria-labelledby': 'versions'}, el('h2', {id: 'versions'}, 'Versions'),
		table('What served it', [{name: 'Version', head: true}, {name: 'Known by'}, {name: 'First seen'}, {name: 'Last seen'},
			{name: 'Instances', class: 'number'}, {name: 'Requests', class: 'number'}],
		versions.map((v) => ({cells: [foreign(v.version === '_older' ? 'older ones' : v.version), (v.kind || '–').replaceAll('_', ' '),
			time(v.first_seen), time(v.last_seen), count(v.instances), count(v.requests)]})), {class: 'cards'})) : null;
}

function codes_section(id, title, counts, is_hot)
{
	const codes = Object.entries(counts || {}).sort((a, b) => b[1] - a[1]);

	return codes.length ? el('section', {'aria-labelledby': id}, el('h2', {id}, title),
		el('dl', {class: 'rates'}, codes.slice(0, 24).map(([code, n]) => el('div', {class: is_hot(code) ? 'hot' : ''},
			el('dt', {}, code), el('dd', {}, count(n)))))) : null;
}

const GRPC_FAILURES = ['UNKNOWN', 'DEADLINE_EXCEEDED', 'INTERNAL', 'UNAVAILABLE', 'DATA_LOSS', '_other', '_absent'];

function status_section(service)
{
	return [codes_section('codes', 'Status', service.status, (code) => code >= '5' && code <= '9~'),
		codes_section('grpc-codes', 'gRPC status', service.grpc_status, (code) => GRPC_FAILURES.includes(code))];
}

const view_service = {
	title: (name) => name,
	needs: (name) => [`service:${name}`, heat_key(name), 'status'],
	render: (name) => {
		const service = ((body(`service:${name}`) || {}).services || [])[0];
		const slos = ((body('status') || {}).slos || []).filter((slo) => slo.service === name);

		if (!service)
			return [el('h1', {tabindex: -1}, el('bdi', {}, name)), waiting(`service:${name}`)];
		return [
			el('p', {class: 'above'}, el('a', {href: '#/services'}, 'Services')),
			el('h1', {tabindex: -1}, el('bdi', {}, service.name)),
			facts([
				['Process', service.process ? [foreign(service.process), service.pid ? ` (${service.pid})` : ''] : null],
				['Executable', service.exe ? foreign(service.exe) : null],
				['Port', service.port], ['User', service.user ? foreign(service.user) : null],
				['Container', service.container ? foreign(service.container.slice(0, 12)) : null],
				['Requests', count(service.requests)], ['Besides complete ones', outcome_words(service)],
				['SLOs', slos.length ? slos.map((slo, i) => [i ? ', ' : '', el('a', {href: `#/slo/${enc(slo.name)}`}, slo.name)]) : null],
				['Owner', (service.about || {}).owner], ['Runbook', (service.about || {}).runbook ? link(service.about.runbook) : null],
				['Samples', report ? null : el('a', {href: `#/events/${enc(`service=${quoted(service.name)}`)}`}, 'show them')],
			]),
			routes_section(service),
			versions_section(service),
			heat_map(service.name),
			...status_section(service),
		];
	},
};
