/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the page knows: answers of the status socket, each under a key such as "slo:checkout". They are asked for
 * again when they are too old for who looks at them. A report has its answers in it, and asks nobody.
 */

const enc = encodeURIComponent;

/* key: [address, seconds that its answer is good for] */
const ADDRESSES = {
	status: () => ['/v1/status?services=no', 9],
	services: () => ['/v1/services', 9],
	alerts: () => ['/v1/alerts', 9],
	incidents: () => ['/v1/incidents', 20],
	changes: () => ['/v1/changes', 20],
	slo: (name) => [`/v1/slos/${enc(name)}`, 9],
	history: (name) => [`/v1/history/${enc(name)}`, 25],
	explain: (name) => [`/v1/explain/${enc(name)}`, 25],
	service: (name) => [`/v1/services?service=${enc(name)}`, 9],
	incident: (n) => [`/v1/incidents/${enc(n)}`, 20],
	heat: (rest) => {
		const [range, service] = split(rest);
		const {since, by} = HEAT_RANGES[range];
		return [`/v1/history/${enc(service)}?kind=service&by=${by}&since=${since}&histograms=yes`, 55];
	},
	events: (query) => [`/v1/events?${query}`, 9],
};

function split(text)
{
	const at = text.indexOf(':');

	return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

const embedded = document.getElementById('answers');
const report = embedded ? JSON.parse(embedded.textContent) : null;

/* key: {body, status, words: why there is none, at, asking} */
const known_answers = new Map();
const KNOWN_MAX = 64;
let answered_at = NaN; /* when the agent did last; ms */
let silent = ''; /* why it does not */

function answer(key)
{
	return known_answers.get(key) || {body: null, status: 0, words: '', at: -Infinity};
}

/* The answer's body; null: none yet, or a refusal. */
function body(key)
{
	return answer(key).body;
}

/* One object, or one a line. */
function parse(text)
{
	try {
		return JSON.parse(text);
	} catch (error) {
		return text.trim().split('\n').filter((line) => line).map((line) => JSON.parse(line));
	}
}

function from_report(key)
{
	const body = report.answers[key];

	return body && !body.error ? {body, status: 200, words: '', at: Infinity} :
		{body: null, status: 404, words: body ? body.error : 'It is not in this report.', at: Infinity};
}

async function fetch_answer(address)
{
	const response = await fetch(address, {cache: 'no-store', credentials: 'omit', redirect: 'error',
		headers: {Accept: 'application/json'}, signal: AbortSignal.timeout(12000)});
	const text = await response.text();
	const json = text ? parse(text) : [];

	if (response.ok)
		return {body: json, status: response.status, words: ''};
	return {body: null, status: response.status, words: json.error || response.statusText};
}

function forget_oldest()
{
	while (known_answers.size > KNOWN_MAX)
		known_answers.delete(known_answers.keys().next().value);
}

async function ask(key)
{
	const [kind, rest] = split(key);
	const [address, good_for] = ADDRESSES[kind](rest);
	const before = answer(key);

	if (report) {
		known_answers.set(key, from_report(key));
		return;
	}
	if (performance.now() - before.at < good_for * 1000 || before.asking)
		return;
	before.asking = true;
	known_answers.set(key, before);
	try {
		const now = await fetch_answer(address);
		/* busy: what was known is still the best that is */
		if (now.status === 503 && before.body)
			now.body = before.body;
		now.at = performance.now();
		known_answers.delete(key);
		known_answers.set(key, now);
		answered_at = Date.now();
		silent = '';
	} catch (error) {
		before.asking = false;
		silent = error.name === 'TimeoutError' ? 'no answer in time' : 'no answer';
	}
	forget_oldest();
}

/* Asks for what is missing or old. */
async function ask_all(keys)
{
	await Promise.all(keys.map(ask));
}

/* Ask for it now, whatever its age. */
function outdate(key)
{
	if (!report)
		known_answers.delete(key);
}
