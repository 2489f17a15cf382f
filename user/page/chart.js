/* SPDX-License-Identifier: GPL-2.0-only */
/* The budget over the window: a line that goes down with each bad event, and what happened beside it. */

const POINTS_MAX = 500;

/*
 * [[unix, remaining ratio]] from the SLO's window on. It ends with what the agent says is left: each bad event takes
 * the same of what was spent.
 */
function burn_down(slo, history)
{
	const window_from = seconds((slo.window || {}).from), since = seconds(slo.since);
	const from = Math.max(known(window_from) ? window_from : -Infinity, known(since) ? since : -Infinity);
	const steps = (history.steps || []).filter(([end]) => end > from);
	const bad = steps.reduce((sum, step) => sum + step[3], 0), spent = (slo.budget || {}).spent_ratio;
	const until = known(history.now_seconds) ? history.now_seconds : Date.now() / 1000;
	const every = Math.max(1, Math.ceil(steps.length / POINTS_MAX));
	const points = [[Math.min(from, until), 1]];
	let sum = 0;

	if (!known(spent) || !isFinite(from))
		return [];
	steps.forEach(([end, width, , step_bad], i) => {
		if (!sum && step_bad)
			points.push([Math.max(from, end - width), 1]);
		sum += step_bad;
		if (i % every === every - 1 || i === steps.length - 1)
			points.push([end, bad ? 1 - spent * sum / bad : 1]);
	});
	points.push([until, 1 - spent]);
	return points;
}

/* Round times between two: at most `n`. */
function time_ticks(from, to, n)
{
	const sizes = [10, 30, 60, 300, 600, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 86400, 2 * 86400, 5 * 86400, 10 * 86400,
		30 * 86400];
	const size = sizes.find((s) => (to - from) / s <= n) || sizes[sizes.length - 1];
	const offset = new Date(from * 1000).getTimezoneOffset() * 60, ticks = [];

	for (let at = Math.ceil((from - offset) / size) * size + offset; at <= to; at += size) {
		const date = new Date(at * 1000);
		ticks.push([at, size >= 86400 ? day(date).slice(5) : clock(date).slice(0, size < 60 ? 8 : 5)]);
	}
	return ticks;
}

function ratio_ticks(lowest)
{
	return lowest < 0 ? [1, 0.5, 0, lowest] : [1, 0.5, 0];
}

function content_width()
{
	return Math.max(260, Math.min(1120, document.documentElement.clientWidth - 48));
}

/* Spans of the chart that nothing was counted in: [[from, to]]. */
function gaps(history, from, to)
{
	const covered = (history.coverage || []).filter(([, end]) => end > from), found = [];
	let at = from;

	for (const [begin, end] of covered) {
		if (begin - at > (to - from) / 400)
			found.push([at, Math.min(begin, to)]);
		at = Math.max(at, end);
	}
	return found;
}

/*
 * marks: [{at, until, kind: 'alert'|'incident'|'change', text}]. A span has both times, a moment only `at`. The same
 * is told as a list below: a picture is for who sees it.
 */
function burn_chart(points, history, marks)
{
	const width = content_width(), height = 260, left = 52, right = 14, top = 26, bottom = 28;
	const from = points[0][0], to = Math.max(points[points.length - 1][0], from + 60);
	const lowest = Math.max(-3, Math.floor(Math.min(0, ...points.map((p) => p[1])) * 4) / 4);
	const x = (unix) => left + (Math.max(from, Math.min(to, unix)) - from) / (to - from) * (width - left - right);
	const y = (ratio) => top + (1 - Math.max(lowest, ratio)) / (1 - lowest) * (height - top - bottom);
	const place = ([unix, ratio]) => `${x(unix).toFixed(1)} ${y(ratio).toFixed(1)}`;
	const line = 'M' + points.map(place).join('L');
	const shown = marks.filter((mark) => (mark.until || mark.at) >= from && mark.at <= to);
	const last = points[points.length - 1];

	return svg('svg', {class: `chart ${budget_mood(last[1])}`, width, height, viewBox: `0 0 ${width} ${height}`,
		role: 'img', 'aria-label': `Budget left from ${moment(from)} to ${moment(to)}: it ends at ` +
		`${percent(last[1])}, with ${plural(shown.length, 'mark')}, listed below.`},
		gaps(history, from, to).map(([a, b]) => svg('rect', {class: 'gap', x: x(a), y: top,
			width: Math.max(1, x(b) - x(a)), height: height - top - bottom},
			svg('title', {}, `${moment(a)} to ${moment(b)}: nothing was counted`))),
		ratio_ticks(lowest).map((ratio) => [
			svg('line', {class: ratio === 0 ? 'zero' : 'grid', x1: left, x2: width - right, y1: y(ratio), y2: y(ratio)}),
			svg('text', {class: 'tick', x: left - 8, y: y(ratio) + 4, 'text-anchor': 'end'}, `${Math.round(ratio * 100)}\u00a0%`.replace('-', '\u2212')),
		]),
		time_ticks(from, to, width / 90).map(([unix, text]) =>
			svg('text', {class: 'tick', x: x(unix), y: height - 8, 'text-anchor': 'middle'}, text)),
		shown.filter((mark) => mark.kind === 'incident').map((mark) => svg('rect', {class: 'incident', x: x(mark.at),
			y: top, width: Math.max(3, x(mark.until || to) - x(mark.at)), height: height - top - bottom},
			svg('title', {}, mark.text))),
		svg('path', {class: 'area', d: `${line}L${x(last[0]).toFixed(1)} ${y(0)}L${x(from).toFixed(1)} ${y(0)}Z`}),
		svg('path', {class: 'line', d: line}),
		svg('circle', {class: 'now', cx: x(last[0]), cy: y(last[1]), r: 3.5}),
		shown.filter((mark) => mark.kind !== 'incident').map((mark) => mark_of(mark, x(mark.at), top, height - bottom)));
}

/* An alert hangs from the top, a change stands on the axis: told apart without colour. */
function mark_of(mark, x, top, bottom)
{
	const alert = mark.kind === 'alert';

	return svg('g', {class: `mark ${mark.kind}`},
		svg('title', {}, mark.text),
		svg('line', {x1: x, x2: x, y1: top, y2: bottom}),
		svg('path', {d: alert ? `M${x - 5} ${top - 9}h10l-5 9z` : `M${x} ${bottom - 6}l5 6l-5 6l-5 -6z`}));
}

function legend(marks)
{
	const has = (kind) => marks.some((mark) => mark.kind === kind);
	const item = (kind, text, shape) => has(kind) ? el('li', {},
		svg('svg', {class: 'key', width: 14, height: 14, viewBox: '0 0 14 14', 'aria-hidden': 'true'}, shape), text) : null;

	return marks.length ? el('ul', {class: 'legend'},
		item('alert', 'an alert began', svg('path', {class: 'alert', d: 'M2 3h10l-5 9z'})),
		item('incident', 'incident', svg('rect', {class: 'incident', x: 1, y: 1, width: 12, height: 12})),
		item('change', 'a change: version, restart, configuration', svg('path', {class: 'change', d: 'M7 1l6 6l-6 6l-6 -6z'}))) : null;
}
