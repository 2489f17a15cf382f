/* SPDX-License-Identifier: GPL-2.0-only */
/* Which view is shown, and when it is made again. */

const REFRESH_MS = 10000;
const VIEWS = {
	'': view_slos, slo: view_slo, services: view_services, service: view_service, events: view_events,
	incidents: view_incidents, incident: view_incident,
};
const NAV = [['', 'SLOs', ['', 'slo']], ['services', 'Services', ['services', 'service']], ['events', 'Samples', ['events']],
	['incidents', 'Incidents', ['incidents', 'incident']]];

/* "#/slo/checkout" is [view of an SLO, "checkout"]. */
function place()
{
	const parts = location.hash.replace(/^#\/?/, '').split('/').map((part) => {
		try {
			return decodeURIComponent(part);
		} catch (error) {
			return part;
		}
	});

	return Object.hasOwn(VIEWS, parts[0]) ? parts : [''];
}

/* In the place of what is not there yet, or never will be. */
function waiting(key)
{
	const got = answer(key);

	if (got.status && !got.body)
		return el('p', {class: 'notice'}, got.words || 'The agent does not tell.');
	return el('p', {class: 'empty'}, silent ? 'The agent does not answer.' : 'Asking the agent …');
}

let news = '';

/* Told to who cannot see it: only when it is another. */
function tell_news()
{
	const status = body('status');
	const now = silent ? 'The agent does not answer.' : status ? slos_summary(status.slos || []) : '';

	if (now && now !== news) {
		news = now;
		document.getElementById('news').textContent = plain(now);
	}
}

function state_words()
{
	if (report)
		return `report of ${moment(seconds(report.made_at))}`;
	if (silent)
		return known(answered_at) ? `${silent} since ${clock(new Date(answered_at))}` : silent;
	return known(answered_at) ? `as of ${clock(new Date(answered_at))}` : 'asking …';
}

function render_frame(name)
{
	const nav = document.getElementById('nav'), state = document.getElementById('state'), next = nav.cloneNode(false);
	const status = body('status'), agent = (status || {}).agent || {};

	append(next, NAV.map(([to, title, views]) => el('li', {}, el('a', {href: `#/${to}`,
		'aria-current': views.includes(name) ? 'page' : null}, title))));
	patch(nav, next);
	patch(state, el('p', {id: 'state', class: `state ${silent ? 'silent' : ''}`}, state_words()));
	patch(document.getElementById('foot'), el('p', {id: 'foot'}, [
		agent.version ? `sliprobe ${agent.version} on ${(report || {}).host || location.hostname}, kernel ${agent.kernel || '?'}. ` : null,
		report ? `The last ${plural(report.days, 'day')}. ` : null,
		report && report.left_out ? `${plural(report.left_out, 'more SLO')} left out. ` : null,
		`Times: ${Intl.DateTimeFormat().resolvedOptions().timeZone || 'local'}.`]));
}

function render()
{
	const [name, ...rest] = place(), main = document.getElementById('main'), next = main.cloneNode(false);

	document.title = `${VIEWS[name].title(...rest)} · sliprobe`;
	append(next, [VIEWS[name].render(...rest)]);
	patch(main, next);
	for (const canvas of main.querySelectorAll('canvas')) {
		if (canvas.draw)
			canvas.draw(canvas);
	}
	render_frame(name);
	tell_news();
}

let timer = 0;

/* Some of what a view needs is known once the first answer is there. */
async function refresh()
{
	const [name, ...rest] = place();

	clearTimeout(timer);
	for (let round = 0; round < 2; round++) {
		await ask_all([...VIEWS[name].needs(...rest), 'status']);
		render();
	}
	if (!report && !document.hidden)
		timer = setTimeout(refresh, REFRESH_MS);
}

/* Unless the reader is in a field, or has gone on to something else of the view. */
function focus_heading()
{
	const heading = document.querySelector('main h1'), focused = document.activeElement;

	if (heading && (!focused || focused === document.body || focused.closest('nav')))
		heading.focus({preventScroll: true});
}

/* Another view: it begins at its heading, for the eye and for a screen reader. */
async function go()
{
	heat_at = null;
	opened = '';
	if (document.activeElement && document.activeElement.tagName === 'A')
		document.activeElement.blur();
	render();
	window.scrollTo(0, 0);
	focus_heading();
	/* what comes with the answers may take its place */
	await refresh();
	focus_heading();
}

window.addEventListener('hashchange', go);
window.addEventListener('resize', () => requestAnimationFrame(render));
document.addEventListener('visibilitychange', () => document.hidden || refresh());
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', render);
document.querySelector('.skip').addEventListener('click', (event) => {
	event.preventDefault();
	document.getElementById('main').focus();
});
refresh();
