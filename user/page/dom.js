/* SPDX-License-Identifier: GPL-2.0-only */
'use strict';

/*
 * Elements are made by el() and svg() alone. All text becomes text nodes, all values attributes: nothing that came
 * from a request is ever read as markup.
 */

const SVG = 'http://www.w3.org/2000/svg';

/* What has no width, sets a direction, or controls a terminal, is written out: nobody is to be deceived by it. */
const UNSAFE = new RegExp('[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u200b-\\u200f\\u2028-\\u202e' +
	'\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb]', 'g');

function plain(text)
{
	return String(text).replace(UNSAFE,
		(c) => '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0'));
}

function append(node, children)
{
	for (const child of children.flat(Infinity)) {
		if (child === null || child === undefined || child === false)
			continue;
		node.append(child instanceof Node ? child : plain(child));
	}
	return node;
}

function fill(node, attributes, children)
{
	for (const [name, value] of Object.entries(attributes || {})) {
		if (value === null || value === undefined || value === false)
			continue;
		if (typeof value === 'function')
			node[name] = value;
		else if (name === 'value')
			node.value = value;
		else
			node.setAttribute(name, value === true ? '' : plain(value));
	}
	return append(node, children);
}

function el(tag, attributes, ...children)
{
	return fill(document.createElement(tag), attributes, children);
}

function svg(tag, attributes, ...children)
{
	return fill(document.createElementNS(SVG, tag), attributes, children);
}

/* An address that somebody wrote down: a link if it is one of the web, else text. */
function link(text)
{
	return /^https?:\/\/[^\s]+$/.test(text) ? el('a', {href: text, rel: 'noreferrer noopener'}, text) : text;
}

/* Text of a request or a process: its direction stays its own. */
function foreign(text)
{
	return text === null || text === undefined || text === '' ? el('span', {class: 'none'}, '–') :
		el('bdi', {}, text);
}

/* ---- making one tree of elements like another, so that focus, selection and scrolling stay ---- */

const HANDLERS = ['onclick', 'oninput', 'onchange', 'onsubmit', 'onkeydown', 'onpointermove', 'onpointerleave',
	'ontoggle', 'draw'];

function alike(a, b)
{
	return a.nodeType === b.nodeType && a.nodeName === b.nodeName &&
		(a.nodeType !== Node.ELEMENT_NODE || a.getAttribute('id') === b.getAttribute('id'));
}

function patchAttributes(old, next)
{
	for (const {name} of [...old.attributes]) {
		if (!next.hasAttribute(name) && !(name === 'open' && old.nodeName === 'DETAILS'))
			old.removeAttribute(name);
	}
	for (const {name, value} of next.attributes) {
		if (old.getAttribute(name) !== value && !(name === 'open' && old.nodeName === 'DETAILS'))
			old.setAttribute(name, value);
	}
	for (const handler of HANDLERS)
		old[handler] = next[handler] || null;
	if ('value' in next && old !== document.activeElement && old.value !== next.value)
		old.value = next.value;
}

function patch(old, next)
{
	if (old.nodeType === Node.TEXT_NODE) {
		if (old.data !== next.data)
			old.data = next.data;
		return;
	}
	patchAttributes(old, next);
	const nodes = [...next.childNodes];
	nodes.forEach((node, i) => {
		const was = old.childNodes[i];
		if (!was)
			old.append(node);
		else if (alike(was, node))
			patch(was, node);
		else
			was.replaceWith(node);
	});
	while (old.childNodes.length > nodes.length)
		old.lastChild.remove();
}

/* ---- tables ---- */

/*
 * columns: {name, class, head: true if its cells name the row}. Roles are written down, as a narrow screen shows
 * rows as blocks, of which browsers would say no more that they are a table.
 */
function table(caption, columns, rows, attributes)
{
	const cell = (column, content, tag) => el(tag, {
		class: column.class,
		role: tag === 'td' ? 'cell' : 'rowheader',
		scope: tag === 'th' ? 'row' : null,
		'data-name': column.name,
	}, el('div', {}, content));

	return el('div', {class: 'scroll'}, el('table', Object.assign({role: 'table'}, attributes),
		el('caption', {}, caption),
		el('thead', {role: 'rowgroup'}, el('tr', {role: 'row'}, columns.map((c) =>
			el('th', {scope: 'col', role: 'columnheader', class: c.class}, c.name)))),
		el('tbody', {role: 'rowgroup'}, rows.map((row) => row instanceof Node ? row :
			el('tr', {role: 'row', class: row.class}, row.cells.map((content, i) =>
				cell(columns[i], content, columns[i].head ? 'th' : 'td')))))));
}

/* Names beside values. */
function facts(pairs)
{
	const known = pairs.filter(([, value]) => value !== null && value !== undefined && value !== '');

	return known.length ? el('dl', {class: 'facts'}, known.map(([name, value]) =>
		el('div', {}, el('dt', {}, name), el('dd', {}, value)))) : null;
}
