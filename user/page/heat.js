/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Latency over time: a column for each span, a row for each half octave of latency, the darker the more requests.
 * Buckets are those of the agent's histogram: number k ends at 2^((k - 160) / 8) s.
 */

const HEAT_RANGES = {
	'1h': {since: '1h', by: 'minute', name: 'hour'},
	'6h': {since: '6h', by: 'minute', name: '6 hours'},
	'1d': {since: '1d', by: 'minute', name: 'day'},
	'7d': {since: '7d', by: 'hour', name: '7 days'},
	'30d': {since: '30d', by: 'hour', name: '30 days'},
};
const HEAT_COLUMNS = 120;
const HEAT_FOLD = 4;

let heat_range = report ? '30d' : '6h';
let heat_at = null; /* {column, row} that is read out */

function heat_key(service)
{
	return report ? `heat:30d:${service}` : `heat:${heat_range}:${service}`;
}

function bucket_end(k)
{
	return 2 ** ((k - 160) / 8);
}

const HEAT_ROWS_MIN = 12;

/* Without those before counting began, but for a few, so that the map of a young agent is not a sliver. */
function counted_rows(rows)
{
	const first = rows.findIndex((row) => row.covered_seconds > 0);

	return first < 0 ? rows : rows.slice(Math.max(0, Math.min(first, rows.length - HEAT_ROWS_MIN)));
}

/* {columns: [{from, to, cells: Map(row, requests), n, p50, p99}], low, high, most} */
function heat_of(history)
{
	const rows = counted_rows(history.rows || []), fold = Math.max(1, Math.ceil(rows.length / HEAT_COLUMNS)), columns = [];
	let low = Infinity, high = -Infinity, most = 0;

	for (let i = 0; i < rows.length; i += fold) {
		const part = rows.slice(i, i + fold), buckets = new Map();
		for (const row of part) {
			for (const [k, n] of row.latency_buckets || [])
				buckets.set(k, (buckets.get(k) || 0) + n);
		}
		const cells = new Map();
		for (const [k, n] of buckets) {
			const at = Math.floor(k / HEAT_FOLD);
			cells.set(at, (cells.get(at) || 0) + n);
			low = Math.min(low, at);
			high = Math.max(high, at);
			most = Math.max(most, cells.get(at));
		}
		columns.push({from: seconds(part[0].from), to: seconds(part[part.length - 1].to), cells,
			counted: part.some((row) => row.covered_seconds > 0), p50: quantile(buckets, 0.5), p99: quantile(buckets, 0.99)});
	}
	return {columns, low: low - 1, high: high + 1, most};
}

/* The bucket that it falls in, or null. */
function quantile(buckets, q)
{
	const sorted = [...buckets].sort((a, b) => a[0] - b[0]), all = sorted.reduce((sum, [, n]) => sum + n, 0);
	let sum = 0;

	for (const [k, n] of sorted) {
		sum += n;
		if (sum >= q * all)
			return k;
	}
	return null;
}

function colour(name)
{
	return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

const HEAT_LEFT = 62, HEAT_BOTTOM = 24, HEAT_HEIGHT = 220;

function heat_places(canvas, heat)
{
	const width = canvas.clientWidth - HEAT_LEFT, height = HEAT_HEIGHT - HEAT_BOTTOM;

	return {cell_width: width / heat.columns.length, cell_height: height / (heat.high - heat.low + 1), width, height};
}

function draw_cells(context, heat, places)
{
	const {cell_width, cell_height, height} = places;

	heat.columns.forEach((column, i) => {
		for (const [row, n] of column.cells) {
			context.globalAlpha = 0.12 + 0.88 * Math.log1p(n) / Math.log1p(heat.most);
			context.fillRect(HEAT_LEFT + i * cell_width, height - (row - heat.low + 1) * cell_height,
				Math.ceil(cell_width - 0.5), Math.ceil(cell_height - 0.5));
		}
	});
	context.globalAlpha = 1;
}

function draw_quantile(context, heat, places, which)
{
	const {cell_width, cell_height, height} = places;

	context.beginPath();
	let drawn = false;
	heat.columns.forEach((column, i) => {
		const k = column[which];
		if (k === null) {
			drawn = false;
			return;
		}
		const x = HEAT_LEFT + (i + 0.5) * cell_width, y = height - ((k + 0.5) / HEAT_FOLD - heat.low) * cell_height;
		context[drawn ? 'lineTo' : 'moveTo'](x, y);
		if (!drawn)
			context.rect(x - 0.5, y - 0.5, 1, 1), context.moveTo(x, y);
		drawn = true;
	});
	context.stroke();
}

/* Round latencies that have room: powers of ten, then what is between them. [[seconds, y]] */
function latency_ticks(place, height)
{
	const found = [];

	for (const factor of [1, 3, 2, 5]) {
		for (let power = -7; power <= 3; power++) {
			const value = factor * 10 ** power, y = place(value);
			if (y > 6 && y < height - 2 && found.every(([, other]) => Math.abs(other - y) >= 17))
				found.push([value, y]);
		}
	}
	return found;
}

function draw_axes(context, heat, places)
{
	const {cell_height, cell_width, height, width} = places;
	const first = heat.columns[0].from, last = heat.columns[heat.columns.length - 1].to;

	context.font = '12px system-ui, sans-serif';
	context.fillStyle = colour('--muted');
	context.textAlign = 'right';
	for (const [value, y] of latency_ticks((at) => height - ((160 + 8 * Math.log2(at)) / HEAT_FOLD - heat.low) * cell_height, height))
		context.fillText(latency(value), HEAT_LEFT - 8, y + 4);
	context.textAlign = 'center';
	for (const [unix, text] of time_ticks(first, last, width / 80)) {
		const x = HEAT_LEFT + (unix - first) / (last - first) * cell_width * heat.columns.length;
		if (x > HEAT_LEFT + 14 && x < HEAT_LEFT + width - 14)
			context.fillText(text, x, HEAT_HEIGHT - 6);
	}
}

function draw_heat(canvas, heat)
{
	const scale = window.devicePixelRatio || 1, context = canvas.getContext('2d');
	const places = heat_places(canvas, heat);

	canvas.width = Math.round(canvas.clientWidth * scale);
	canvas.height = Math.round(HEAT_HEIGHT * scale);
	context.setTransform(scale, 0, 0, scale, 0, 0);
	context.fillStyle = colour('--heat');
	draw_cells(context, heat, places);
	context.strokeStyle = colour('--ink');
	context.lineWidth = 1.25;
	draw_quantile(context, heat, places, 'p50');
	context.setLineDash([4, 3]);
	draw_quantile(context, heat, places, 'p99');
	context.setLineDash([]);
	draw_axes(context, heat, places);
	if (heat_at && heat_at.column < heat.columns.length) {
		context.strokeStyle = colour('--accent');
		context.lineWidth = 2;
		context.strokeRect(HEAT_LEFT + heat_at.column * places.cell_width,
			places.height - (heat_at.row - heat.low + 1) * places.cell_height, places.cell_width, places.cell_height);
	}
}

function heat_words(heat)
{
	const column = heat_at && heat.columns[heat_at.column];

	if (!column)
		return 'Point at a cell, or focus the map and use the arrow keys.';
	const n = column.cells.get(heat_at.row) || 0, low = bucket_end(heat_at.row * HEAT_FOLD - 1);
	return `${moment(column.from)} to ${moment(column.to)}, ${latency(low)} to ` +
		`${latency(bucket_end(heat_at.row * HEAT_FOLD + HEAT_FOLD - 1))}: ${plural(n, 'request')}` +
		(column.counted ? '.' : ', nothing was counted.');
}

const HEAT_KEYS = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1]};

function heat_move(event, heat)
{
	const move = HEAT_KEYS[event.key];

	if (!move)
		return;
	event.preventDefault();
	const at = heat_at || {column: heat.columns.length - 1, row: heat.low};
	heat_at = {
		column: Math.max(0, Math.min(heat.columns.length - 1, at.column + move[0])),
		row: Math.max(heat.low, Math.min(heat.high, at.row + move[1])),
	};
	render();
}

function heat_point(event, heat)
{
	const canvas = event.currentTarget, {cell_width, cell_height, height} = heat_places(canvas, heat);
	const column = Math.floor((event.offsetX - HEAT_LEFT) / cell_width);
	const row = heat.low + Math.floor((height - event.offsetY) / cell_height);

	heat_at = column >= 0 && column < heat.columns.length && row >= heat.low && row <= heat.high ? {column, row} : null;
	render();
}

function heat_ranges()
{
	return report ? null : el('p', {class: 'filter'}, el('label', {for: 'heat-range'}, 'The last'),
		el('select', {id: 'heat-range', value: heat_range, onchange: (event) => {
			heat_range = event.target.value;
			heat_at = null;
			refresh();
		}}, Object.entries(HEAT_RANGES).map(([key, range]) =>
			el('option', {value: key, selected: key === heat_range}, range.name))));
}

/* The section of a service's latency. */
function heat_map(service)
{
	const history = body(heat_key(service)), heat = history ? heat_of(history) : null;
	const title = [el('h2', {id: 'latency'}, 'Latency of ', el('bdi', {}, service)), heat_ranges()];

	if (!heat)
		return el('section', {'aria-labelledby': 'latency'}, title, waiting(heat_key(service)));
	if (!heat.columns.length || !heat.most)
		return el('section', {'aria-labelledby': 'latency'}, title, el('p', {class: 'empty'}, 'No request was answered then.'));
	const newest = [...heat.columns].reverse().find((column) => column.p50 !== null);
	return el('section', {'aria-labelledby': 'latency'}, title,
		el('canvas', {id: 'heat', class: 'heat', tabindex: 0, role: 'img', height: HEAT_HEIGHT,
			'aria-label': `Requests by latency and time. Of late half of them take at most ` +
				`${latency(bucket_end(newest.p50))}, 99 % at most ${latency(bucket_end(newest.p99))}.`,
			'aria-describedby': 'heat-words',
			draw: (canvas) => draw_heat(canvas, heat),
			onkeydown: (event) => heat_move(event, heat),
			onpointermove: (event) => heat_point(event, heat),
			onpointerleave: () => {
				heat_at = null;
				render();
			}}),
		el('p', {id: 'heat-words', class: 'words', 'aria-live': 'polite'}, heat_words(heat)),
		el('p', {class: 'sub'}, 'All its requests; the darker, the more. Line: half are faster. Dashes: 99 % are.'));
}
