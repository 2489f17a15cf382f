/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers and times as people read them. What is not known is a dash. */

const UNKNOWN = '–';

function known(value)
{
	return typeof value === 'number' && isFinite(value);
}

function count(value)
{
	return known(value) ? Math.round(value).toLocaleString('en-US').replaceAll(',', '\u202f') : UNKNOWN;
}

/* A weighted count has a fraction. */
function about(value)
{
	if (!known(value))
		return UNKNOWN;
	return value < 10 && value % 1 ? value.toFixed(1) : count(value);
}

function decimals(text)
{
	return (String(text).split('.')[1] || '').length;
}

function objective(ratio)
{
	return known(ratio) ? +(ratio * 100).toPrecision(10) + '\u00a0%' : UNKNOWN;
}

/* To two digits more than the objective has, and never rounded up: 100 % is without a failure. */
function availability(ratio, goal)
{
	if (!known(ratio))
		return UNKNOWN;
	const digits = Math.min(decimals(+(goal * 100).toPrecision(10)) + 2, 6), scale = 10 ** digits;
	const cut = Math.floor(+(ratio * 100 * scale).toPrecision(12)) / scale;

	return (cut === 100 ? '100' : cut.toFixed(digits)) + '\u00a0%';
}

function percent(ratio)
{
	if (!known(ratio))
		return UNKNOWN;
	const value = ratio * 100, size = Math.abs(value);
	const text = size !== 0 && size < 0.1 ? '< 0.1' : size >= 99.95 || size === 0 ? value.toFixed(0) : value.toFixed(1);

	return text.replace('-', '\u2212') + '\u00a0%';
}

function burn(rate)
{
	if (!known(rate))
		return UNKNOWN;
	return (rate >= 100 ? rate.toFixed(0) : rate >= 10 ? rate.toFixed(1) : rate.toFixed(2)) + '\u00a0×';
}

function latency(seconds)
{
	if (!known(seconds))
		return UNKNOWN;
	if (seconds === 0)
		return '0';
	const units = [[1, 's'], [1e-3, 'ms'], [1e-6, 'µs']];
	const [size, unit] = units.find(([u]) => seconds >= u) || units[2];
	const value = seconds / size;

	return (value >= 100 ? value.toFixed(0) : +value.toPrecision(3)) + '\u00a0' + unit;
}

function span(seconds)
{
	if (!known(seconds))
		return UNKNOWN;
	const parts = [[86400, 'd'], [3600, 'h'], [60, 'min'], [1, 's']];
	const at = parts.findIndex(([size]) => seconds >= size);

	if (at < 0)
		return seconds > 0 ? latency(seconds) : '0\u00a0s';
	const [size, unit] = parts[at];
	const whole = Math.floor(seconds / size), rest = parts[at + 1];
	const more = rest ? Math.floor((seconds - whole * size) / rest[0]) : 0;

	return `${whole}\u00a0${unit}` + (more && whole < 10 ? ` ${more}\u00a0${rest[1]}` : '');
}

function bytes(value)
{
	if (!known(value))
		return UNKNOWN;
	const units = ['B', 'KiB', 'MiB', 'GiB'];
	let at = 0;

	for (; value >= 1024 && at < units.length - 1; at++)
		value /= 1024;
	return (at ? value.toPrecision(3) : value) + '\u00a0' + units[at];
}

function two(n)
{
	return String(n).padStart(2, '0');
}

function day(date)
{
	return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

function clock(date)
{
	return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/* Unix seconds of RFC 3339; NaN: not known. */
function seconds(text)
{
	return typeof text === 'string' ? Date.parse(text) / 1000 : NaN;
}

/* Local time; without the day if that is today. */
function moment(unix)
{
	const date = new Date(unix * 1000);

	return day(date) === day(new Date()) ? clock(date) : `${day(date)} ${clock(date)}`;
}

function time(text)
{
	const unix = typeof text === 'number' ? text : seconds(text);

	return known(unix) ? el('time', {datetime: new Date(unix * 1000).toISOString()}, moment(unix)) : UNKNOWN;
}

function plural(n, one, many)
{
	return `${count(n)} ${n === 1 ? one : many || one + 's'}`;
}
