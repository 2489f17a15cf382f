/* SPDX-License-Identifier: GPL-2.0-only */
/* Files that must be refused, and the whole message; of the file as "t.yaml". */

#define ONE_SERVICE "services: [{name: a, match: {port: 1}, routes: [\"/x\", \"/y/*\"]}]\n"

static const struct {
	const char *text;
	const char *message;
} config_refusals[] = {
	{"",
	 "t.yaml: expected a mapping with agent, services, slos or notify, but the file is empty"},
	{"# only a comment\n",
	 "t.yaml: expected a mapping with agent, services, slos or notify, but the file is empty"},
	{"---\n", "t.yaml:2: expected a mapping with agent, services, slos or notify, got \"\""},
	{"agent\n",
	 "t.yaml:1: expected a mapping with agent, services, slos or notify, got \"agent\""},
	{"[1]\n", "t.yaml:1: expected a mapping with agent, services, slos or notify, got a list"},
	{"agent: {}\n"
	 "---\n"
	 "slos: []\n",
	 "t.yaml:2: expected one document, got another"},
	{"agent:\n"
	 "\tsocket: /x\n",
	 "t.yaml:2: expected valid YAML: found character that cannot start any token, while scanning for the next token"},
	{"agent: {\n",
	 "t.yaml:2: expected valid YAML: did not find expected node content, while parsing a flow node"},
	{"agent: [a\n"
	 "slos: b\n",
	 "t.yaml:2: expected valid YAML: did not find expected ',' or ']', while parsing a flow sequence"},
	{"a: \"x\n",
	 "t.yaml:2: expected valid YAML: found unexpected end of stream, while scanning a quoted scalar"},
	{"agent: &a {}\n"
	 "slos: *a\n",
	 "t.yaml:2: expected plain YAML without aliases"},
	{"agent: !!map {}\n", "t.yaml:1: expected plain YAML without tags"},
	{"agent: {socket: !foo /x}\n", "t.yaml:1: expected plain YAML without tags"},
	{"agent:\n"
	 "  socket: /\377\n",
	 "t.yaml:2: expected UTF-8 text, got byte 0xff"},
	{"slos:\n"
	 "- name: a\001b\n",
	 "t.yaml:2: expected text, got control character U+0001"},
	{"a: \355\240\200\n", "t.yaml:1: expected UTF-8 text, got byte 0xed"},
	{"slos: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]\n",
	 "t.yaml:1: expected at most 32 levels of nesting, got more"},
	{"agnt: {}\n",
	 "t.yaml:1: agnt: unknown key (did you mean \"agent\"?), expected one of agent, services, slos, slo_files, notify, alerting, maintenance, samples, tls"},
	{"foo: {}\n",
	 "t.yaml:1: foo: unknown key, expected one of agent, services, slos, slo_files, notify, alerting, maintenance, samples, tls"},
	{"agent:\n"
	 "  sokcet: /x\n",
	 "t.yaml:2: agent.sokcet: unknown key (did you mean \"socket\"?), expected one of socket, state_dir, interval, unanswered_after, admin_group, metrics_listen, page_listen, page_listen_anywhere, page_hosts"},
	{"agent: {admin_group: \"\"}\n",
	 "t.yaml:1: agent.admin_group: expected the name of a group, such as sre, got \"\""},
	{"agent: {admin_group: \"a:b\"}\n",
	 "t.yaml:1: agent.admin_group: expected the name of a group, such as sre, got \"a:b\""},
	{"agent: {metrics_listen: 9464}\n",
	 "t.yaml:1: agent.metrics_listen: expected a numeric address and a port, such as 127.0.0.1:9464 or [::1]:9464, got \"9464\""},
	{"agent: {metrics_listen: \"localhost:9464\"}\n",
	 "t.yaml:1: agent.metrics_listen: expected a numeric address and a port, such as 127.0.0.1:9464 or [::1]:9464, got \"localhost:9464\""},
	{"agent: {page_listen: 9466}\n",
	 "t.yaml:1: agent.page_listen: expected a numeric address and a port, such as 127.0.0.1:9466 or [::1]:9466, got \"9466\""},
	{"agent: {page_listen: \"0.0.0.0:9466\"}\n",
	 "t.yaml:1: agent.page_listen: expected an address of the host itself, such as 127.0.0.1:9466, as whoever reaches it reads everything; or beside it page_listen_anywhere: true"},
	{"agent: {page_listen: \"[::2]:9466\", page_listen_anywhere: no}\n",
	 "t.yaml:1: agent.page_listen_anywhere: expected true or false, got \"no\""},
	{"agent: {page_hosts: \"http://a.example\"}\n",
	 "t.yaml:1: agent.page_hosts: expected names of hosts with spaces between them, such as \"web1 web1.example.com\", got \"http://a.example\""},
	{"agent: {}\n"
	 "slos: []\n"
	 "agent: {}\n",
	 "t.yaml:3: agent: expected each key once, got \"agent\" again"},
	{"agent: {interval: 1s, interval: 2s}\n",
	 "t.yaml:1: agent.interval: expected each key once, got \"interval\" again"},
	{"{[a]: b}\n", "t.yaml:1: expected a key, got a list"},
	{"~: 1\n", "t.yaml:1: expected a key, got \"~\""},
	{"agent: {? {a: b} : c}\n", "t.yaml:1: agent: expected a key, got a mapping"},
	{"slos: [{window: {callendar: month}}]\n",
	 "t.yaml:1: slos[0].window.callendar: unknown key (did you mean \"calendar\"?), expected one of calendar, time_zone"},
	{"agent: {averyveryveryveryveryveryveryveryveryveryveryveryveryverylongkey\\n: 1}\n",
	 "t.yaml:1: agent.averyveryveryveryveryveryveryveryveryveryveryveryveryverylongkey...: unknown key, expected one of socket, state_dir, interval, unanswered_after, admin_group, metrics_listen, page_listen, page_listen_anywhere, page_hosts"},
	{"agent: 1\n", "t.yaml:1: agent: expected a mapping, got \"1\""},
	{"agent:\n", "t.yaml:1: agent: expected a mapping, got \"\""},
	{"agent: {socket: s}\n",
	 "t.yaml:1: agent.socket: expected an absolute path of at most 107 bytes, got \"s\""},
	{"agent:\n"
	 "  socket:\n",
	 "t.yaml:2: agent.socket: expected an absolute path of at most 107 bytes, got \"\""},
	{"agent: {socket: [a]}\n",
	 "t.yaml:1: agent.socket: expected an absolute path of at most 107 bytes, got a list"},
	{"agent: {socket: /sssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss}\n",
	 "t.yaml:1: agent.socket: expected an absolute path of at most 107 bytes, got \"/sssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss...\""},
	{"agent: {state_dir: ../x}\n",
	 "t.yaml:1: agent.state_dir: expected an absolute path, got \"../x\""},
	{"agent: {socket: \"/a\\0b\"}\n",
	 "t.yaml:1: agent.socket: expected an absolute path of at most 107 bytes, got \"/a?b\""},
	{"agent: {socket: \"/a\\nb\"}\n",
	 "t.yaml:1: agent.socket: expected an absolute path of at most 107 bytes, got \"/a?b\""},
	{"agent: {interval: 999ms}\n",
	 "t.yaml:1: agent.interval: expected a duration from 1s to 1m, got \"999ms\""},
	{"agent: {interval: 61s}\n",
	 "t.yaml:1: agent.interval: expected a duration from 1s to 1m, got \"61s\""},
	{"agent: {interval: 10}\n",
	 "t.yaml:1: agent.interval: expected a duration from 1s to 1m, got \"10\" without a unit (ms, s, m, h, d)"},
	{"agent: {interval: -1s}\n",
	 "t.yaml:1: agent.interval: expected a duration from 1s to 1m, got \"-1s\""},
	{"agent: {interval: 1 s}\n",
	 "t.yaml:1: agent.interval: expected a duration from 1s to 1m, got \"1 s\""},
	{"agent: {interval: null}\n",
	 "t.yaml:1: agent.interval: expected a duration from 1s to 1m, got \"null\""},
	{"agent: {unanswered_after: 0.5s}\n",
	 "t.yaml:1: agent.unanswered_after: expected a duration from 1s to 1h, got \"0.5s\""},
	{"agent: {unanswered_after: 3601s}\n",
	 "t.yaml:1: agent.unanswered_after: expected a duration from 1s to 1h, got \"3601s\""},
	{"services: {}\n", "t.yaml:1: services: expected a list of services, got a mapping"},
	{"services:\n", "t.yaml:1: services: expected a list of services, got \"\""},
	{"services: [a]\n", "t.yaml:1: services[0]: expected a mapping, got \"a\""},
	{"services: [{}]\n",
	 "t.yaml:1: services[0].name: expected a name of at most 63 bytes without '/', '\"', '{' or '}', got nothing"},
	{"services: [{name: a}]\n",
	 "t.yaml:1: services[0].match: expected a mapping with port, process, exe, user, unit, cgroup or container, got nothing"},
	{"services: [{name: a, match: {}}]\n",
	 "t.yaml:1: services[0].match: expected at least one of port, process, exe, user, unit, cgroup, container, got none"},
	{"services: [{name: a, match: {role: server}}]\n",
	 "t.yaml:1: services[0].match: expected at least one of port, process, exe, user, unit, cgroup, container, got none"},
	{"services:\n"
	 "- match: {port: 1}\n",
	 "t.yaml:2: services[0].name: expected a name of at most 63 bytes without '/', '\"', '{' or '}', got nothing"},
	{"services: [{name: a/b, match: {port: 1}}]\n",
	 "t.yaml:1: services[0].name: expected a name of at most 63 bytes without '/', '\"', '{' or '}', got \"a/b\""},
	{"services: [{name: 'a\"b', match: {port: 1}}]\n",
	 "t.yaml:1: services[0].name: expected a name of at most 63 bytes without '/', '\"', '{' or '}', got \"a\"b\""},
	{"services: [{name: \"a\\x7f\", match: {port: 1}}]\n",
	 "t.yaml:1: services[0].name: expected a name of at most 63 bytes without '/', '\"', '{' or '}', got \"a?\""},
	{"services: [{name: \"a\\L\", match: {port: 1}}]\n",
	 "t.yaml:1: services[0].name: expected a name of at most 63 bytes without '/', '\"', '{' or '}', got \"a?\""},
	{"services: [{name: \"*\", match: {port: 1}}]\n",
	 "t.yaml:1: services[0].name: expected a name of at most 63 bytes without '/', '\"', '{' or '}', got \"*\""},
	{"services: [{name: \"{service}\", match: {port: 1}}]\n",
	 "t.yaml:1: services[0].name: expected a name of at most 63 bytes without '/', '\"', '{' or '}', got \"{service}\""},
	{"services: [{name: \"\", match: {port: 1}}]\n",
	 "t.yaml:1: services[0].name: expected a name of at most 63 bytes without '/', '\"', '{' or '}', got \"\""},
	{"services: [{name: nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn, match: {port: 1}}]\n",
	 "t.yaml:1: services[0].name: expected a name of at most 63 bytes without '/', '\"', '{' or '}', got \"nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn\""},
	{"services: [{name: a, match: {port: 0}}]\n",
	 "t.yaml:1: services[0].match.port: expected a port number from 1 to 65535, got \"0\""},
	{"services: [{name: a, match: {port: 65536}}]\n",
	 "t.yaml:1: services[0].match.port: expected a port number from 1 to 65535, got \"65536\""},
	{"services: [{name: a, match: {port: 0x50}}]\n",
	 "t.yaml:1: services[0].match.port: expected a port number from 1 to 65535, got \"0x50\""},
	{"services: [{name: a, match: {port: http}}]\n",
	 "t.yaml:1: services[0].match.port: expected a port number from 1 to 65535, got \"http\""},
	{"services: [{name: a, match: {process: sixteen-bytes-xx}}]\n",
	 "t.yaml:1: services[0].match.process: expected a glob on a process name, which has at most 15 bytes, got \"sixteen-bytes-xx\""},
	{"services: [{name: a, match: {exe: nginx}}]\n",
	 "t.yaml:1: services[0].match.exe: expected a glob on an absolute path, got \"nginx\""},
	{"services: [{name: a, match: {role: client}}]\n",
	 "t.yaml:1: services[0].match.role: expected server, the only role this version supports, got \"client\""},
	{"services:\n"
	 "- name: a\n"
	 "  match:\n"
	 "    port: 1\n"
	 "    container: x\n",
	 "t.yaml:5: services[0].match.container: expected a container's id, its first 12 digits or more, or a glob on it, got \"x\""},
	{"services: [{name: a, match: {container: 0123456789a}}]\n",
	 "t.yaml:1: services[0].match.container: expected a container's id, its first 12 digits or more, or a glob on it, got \"0123456789a\""},
	{"services: [{name: a, match: {netns: any}}]\n",
	 "t.yaml:1: services[0].match: expected at least one of port, process, exe, user, unit, cgroup, container, got none"},
	{"services: [{name: a, match: {port: 1, netns: blue}}]\n",
	 "t.yaml:1: services[0].match.netns: expected host, any, or the path of a network namespace, such as /run/netns/blue, got \"blue\""},
	{"services: [{name: a, match: {unit: a/b.service}}]\n",
	 "t.yaml:1: services[0].match.unit: expected a glob on a systemd unit, such as nginx.service, got \"a/b.service\""},
	{"services: [{name: a, match: {cgroup: system.slice}}]\n",
	 "t.yaml:1: services[0].match.cgroup: expected a glob on the path of a cgroup, such as /kubepods.slice/*, got \"system.slice\""},
	{"services: [{name: a, match: {user: 4294967295:0}}]\n",
	 "t.yaml:1: services[0].match.user: expected a user's name or number, got \"4294967295:0\""},
	{"services:\n"
	 "- {name: a, match: {port: 1}}\n"
	 "- {name: b, match: {port: 1, netns: host}}\n",
	 "t.yaml:3: services[1].match: expected a match of its own, got that of services[0]"},
	{"services: [{name: a, match: {namespace: x}}]\n",
	 "t.yaml:1: services[0].match.namespace: not supported by this version"},
	{"services: [{name: a, match: {pod: x}}]\n",
	 "t.yaml:1: services[0].match.pod: not supported by this version"},
	{"services:\n"
	 "- {name: a, match: {port: 1}}\n"
	 "- {name: b, match: {port: 1}}\n",
	 "t.yaml:3: services[1].match: expected a match of its own, got that of services[0]"},
	{"services:\n"
	 "- {name: a, match: {port: 1}}\n"
	 "- {name: a, match: {port: 2}}\n",
	 "t.yaml:3: services[1].name: expected a unique name, got \"a\" as in services[0]"},
	{"services: [{name: a, match: {port: 1}, routes: /x}]\n",
	 "t.yaml:1: services[0].routes: expected a list of path templates, got \"/x\""},
	{"services: [{name: a, match: {port: 1}, routes: [x]}]\n",
	 "t.yaml:1: services[0].routes[0]: expected a path template that starts with '/' and has no space, '?' or '#', got \"x\""},
	{"services: [{name: a, match: {port: 1}, routes: [\"/x?y=1\"]}]\n",
	 "t.yaml:1: services[0].routes[0]: expected a path template that starts with '/' and has no space, '?' or '#', got \"/x?y=1\""},
	{"services:\n"
	 "- name: a\n"
	 "  match: {port: 1}\n"
	 "  routes:\n"
	 "  - /x\n"
	 "  - /y\n"
	 "  - /x\n",
	 "t.yaml:7: services[0].routes[2]: expected each entry once, got \"/x\" again"},
	{"services: [{name: a, match: {port: 1}, routes: [\"/x/**\", \"/x/****\"]}]\n",
	 "t.yaml:1: services[0].routes[1]: expected each entry once, got \"/x/****\" again"},
	{"services: [{name: a, match: {port: 1}, about: x}]\n",
	 "t.yaml:1: services[0].about: expected a mapping, got \"x\""},
	{"services: [{name: a, match: {port: 1}, about: {owner: \"\"}}]\n",
	 "t.yaml:1: services[0].about.owner: expected text of at most 4096 bytes, got \"\""},
	{"services: [{name: a, match: {port: 1}, about: {ownr: x}}]\n", "t.yaml:1: services[0].about.ownr: unknown key (did you mean \"owner\"?), expected one of owner, purpose, importance, mitigation, runbook"},
	{"slos: x\n", "t.yaml:1: slos: expected a list of SLOs, got \"x\""},
	{"slos: [{}]\n",
	 "t.yaml:1: slos[0].name: expected a name of at most 63 bytes without '/' or '\"', got nothing"},
	{"slos: [{name: a}]\n",
	 "t.yaml:1: slos[0].service: expected the name of a service, or \"*\" for every service found, got nothing"},
	{"slos: [{name: a, service: b}]\n",
	 "t.yaml:1: slos[0].objective: expected a percentage above 0 and below 100, got nothing"},
	{"slos: [{name: a, service: b, objective: 9}]\n",
	 "t.yaml:1: slos[0].service: expected the name of a service in services, or \"*\", got \"b\""},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  window: 59m\n",
	 "t.yaml:6: slos[0].window: expected a duration from 1h to 92d in whole seconds, got \"59m\""},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  window: 93d\n",
	 "t.yaml:6: slos[0].window: expected a duration from 1h to 92d in whole seconds, got \"93d\""},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  window: 3600.5s\n",
	 "t.yaml:6: slos[0].window: expected a duration from 1h to 92d in whole seconds, got \"3600.5s\""},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  window: [1d]\n",
	 "t.yaml:6: slos[0].window: expected a duration from 1h to 92d in whole seconds, got a list"},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  window: {}\n",
	 "t.yaml:6: slos[0].window.calendar: expected month, got nothing"},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  window: {calendar: week}\n",
	 "t.yaml:6: slos[0].window.calendar: expected month, got \"week\""},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  calendar: year\n",
	 "t.yaml:6: slos[0].calendar: expected month, got \"year\""},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  window: 30d\n"
		     "  calendar: month\n",
	 "t.yaml:7: slos[0].calendar: expected either window or calendar, got both"},
	{ONE_SERVICE "slos:\n"
		     "- {name: n, service: a, objective: 100}\n",
	 "t.yaml:3: slos[0].objective: expected a percentage above 0 and below 100, got \"100\""},
	{ONE_SERVICE "slos:\n"
		     "- {name: n, service: a, objective: 0}\n",
	 "t.yaml:3: slos[0].objective: expected a percentage above 0 and below 100, got \"0\""},
	{ONE_SERVICE "slos:\n"
		     "- {name: n, service: a, objective: -1}\n",
	 "t.yaml:3: slos[0].objective: expected a percentage above 0 and below 100, got \"-1\""},
	{ONE_SERVICE "slos:\n"
		     "- {name: n, service: a, objective: 99.9%%}\n",
	 "t.yaml:3: slos[0].objective: expected a percentage above 0 and below 100, got \"99.9%%\""},
	{ONE_SERVICE "slos:\n"
		     "- {name: n, service: a, objective: 1e1}\n",
	 "t.yaml:3: slos[0].objective: expected a percentage above 0 and below 100, got \"1e1\""},
	{ONE_SERVICE "slos:\n"
		     "- {name: n, service: a, objective: 9.}\n",
	 "t.yaml:3: slos[0].objective: expected a percentage above 0 and below 100, got \"9.\""},
	{ONE_SERVICE "slos:\n"
		     "- {name: n, service: a, objective: .9}\n",
	 "t.yaml:3: slos[0].objective: expected a percentage above 0 and below 100, got \".9\""},
	{ONE_SERVICE "slos:\n"
		     "- {name: n, service: a, objective: 99.99999999999999999999}\n",
	 "t.yaml:3: slos[0].objective: expected a percentage above 0 and below 100, got \"99.99999999999999999999\""},
	{ONE_SERVICE "slos:\n"
		     "- {name: n, service: a, objective: nan}\n",
	 "t.yaml:3: slos[0].objective: expected a percentage above 0 and below 100, got \"nan\""},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  budgeting: x\n",
	 "t.yaml:6: slos[0].budgeting: expected occurrences or {timeslices: {slice: 1m, target: 95}}, got \"x\""},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  budgeting: {slices: 1}\n",
	 "t.yaml:6: slos[0].budgeting.slices: unknown key, expected timeslices"},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  budgeting: {timeslices: {slice: 1m}}\n",
	 "t.yaml:6: slos[0].budgeting.timeslices.target: expected a percentage above 0 and below 100, got nothing"},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  budgeting: {timeslices: {slice: 5s, target: 9}}\n",
	 "t.yaml:6: slos[0].budgeting.timeslices.slice: expected a duration from 10s to 1h in multiples of 10s, got \"5s\""},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  budgeting: {timeslices: {slice: 1m, target: 100}}\n",
	 "t.yaml:6: slos[0].budgeting.timeslices.target: expected a percentage above 0 and below 100, got \"100\""},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  eligible: {routes: [/z]}\n",
	 "t.yaml:6: slos[0].eligible.routes[0]: expected a route of service \"a\", got \"/z\""},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  eligible: {routes: [z]}\n",
	 "t.yaml:6: slos[0].eligible.routes[0]: expected one of the service's routes, or _other, got \"z\""},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  eligible: {routes: [/x, /x]}\n",
	 "t.yaml:6: slos[0].eligible.routes[1]: expected each entry once, got \"/x\" again"},
	{ONE_SERVICE "slos:\n"
		     "- name: \"{service}\"\n"
		     "  service: \"*\"\n"
		     "  objective: 99\n"
		     "  eligible: {routes: [/x]}\n",
	 "t.yaml:6: slos[0].eligible.routes[0]: expected a route of service \"*\", got \"/x\""},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  eligible: {methods: [get]}\n",
	 "t.yaml:6: slos[0].eligible.methods[0]: expected one of GET, HEAD, POST, PUT, DELETE, CONNECT, OPTIONS, TRACE, PATCH, QUERY, _OTHER, _unknown, got \"get\"; did you mean \"GET\"?"},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  eligible: {methods: []}\n",
	 "t.yaml:6: slos[0].eligible.methods: expected at least 1 in the list, got 0"},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  eligible: {methods: GET}\n",
	 "t.yaml:6: slos[0].eligible.methods: expected a list of methods, got \"GET\""},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  eligible: {exclude: [/x]}\n",
	 "t.yaml:6: slos[0].eligible.exclude: expected a mapping, got a list"},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  eligible: {exclude: {path: [/x]}}\n",
	 "t.yaml:6: slos[0].eligible.exclude.path: unknown key (did you mean \"paths\"?), expected one of methods, paths, user_agents"},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  eligible: {exclude: {paths: [x]}}\n",
	 "t.yaml:6: slos[0].eligible.exclude.paths[0]: expected a path template that starts with '/' and has no space, '?' or '#', got \"x\""},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  eligible: {exclude: {paths: [/h, /i, /h]}}\n",
	 "t.yaml:6: slos[0].eligible.exclude.paths[2]: expected each entry once, got \"/h\" again"},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  eligible: {exclude: {user_agents: [\"\"]}}\n",
	 "t.yaml:6: slos[0].eligible.exclude.user_agents[0]: expected a glob of at most 256 bytes, got \"\""},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  eligible: {exclude: {user_agents: [a, a]}}\n",
	 "t.yaml:6: slos[0].eligible.exclude.user_agents[1]: expected each entry once, got \"a\" again"},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  good: {grpc_status: OK}\n",
	 "t.yaml:6: slos[0].good.grpc_status: expected a list of the gRPC statuses that are good, such as [OK, NOT_FOUND], got \"OK\""},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  good: {grpc_status: []}\n",
	 "t.yaml:6: slos[0].good.grpc_status: expected at least 1 in the list, got 0"},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  good: {grpc_status: [OK, 17]}\n",
	 "t.yaml:6: slos[0].good.grpc_status[1]: expected a gRPC status such as NOT_FOUND or 5, got \"17\""},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  good: {grpc_status: [-1]}\n",
	 "t.yaml:6: slos[0].good.grpc_status[0]: expected a gRPC status such as NOT_FOUND or 5, got \"-1\""},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  good: {grpc_status: [NOTFOUND]}\n",
	 "t.yaml:6: slos[0].good.grpc_status[0]: expected a gRPC status such as NOT_FOUND or 5, got \"NOTFOUND\"; did you mean \"NOT_FOUND\"?"},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  good: {grpc_status: [_unknown]}\n",
	 "t.yaml:6: slos[0].good.grpc_status[0]: expected a gRPC status such as NOT_FOUND or 5, got \"_unknown\": a status that is not known is neither good nor bad"},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  good: {grpc_status: [[OK]]}\n",
	 "t.yaml:6: slos[0].good.grpc_status[0]: expected a gRPC status such as NOT_FOUND or 5, got a list"},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  good: {latency: 1s, latency_of: last_byte}\n",
	 "t.yaml:6: slos[0].good.latency_of: expected total or first_byte, got \"last_byte\""},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  good: {latency_of: first_byte}\n",
	 "t.yaml:6: slos[0].good.latency_of: expected latency beside it, got none"},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  good: {status: 200}\n",
	 "t.yaml:6: slos[0].good.status: expected a list of statuses such as [\"100-499\"], got \"200\""},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  good: {status: []}\n",
	 "t.yaml:6: slos[0].good.status: expected at least 1 in the list, got 0"},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  good: {status: [99]}\n",
	 "t.yaml:6: slos[0].good.status[0]: expected a status from 100 to 599 such as 404, \"2xx\" or \"100-499\", got \"99\""},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  good: {status: [600]}\n",
	 "t.yaml:6: slos[0].good.status[0]: expected a status from 100 to 599 such as 404, \"2xx\" or \"100-499\", got \"600\""},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  good: {status: [6xx]}\n",
	 "t.yaml:6: slos[0].good.status[0]: expected a status from 100 to 599 such as 404, \"2xx\" or \"100-499\", got \"6xx\""},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  good: {status: [0xx]}\n",
	 "t.yaml:6: slos[0].good.status[0]: expected a status from 100 to 599 such as 404, \"2xx\" or \"100-499\", got \"0xx\""},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  good: {status: [300-200]}\n",
	 "t.yaml:6: slos[0].good.status[0]: expected a status from 100 to 599 such as 404, \"2xx\" or \"100-499\", got \"300-200\""},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  good: {status: [200-]}\n",
	 "t.yaml:6: slos[0].good.status[0]: expected a status from 100 to 599 such as 404, \"2xx\" or \"100-499\", got \"200-\""},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  good: {status: [2XX]}\n",
	 "t.yaml:6: slos[0].good.status[0]: expected a status from 100 to 599 such as 404, \"2xx\" or \"100-499\", got \"2XX\""},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  good: {status: [200, 100-600]}\n",
	 "t.yaml:6: slos[0].good.status[1]: expected a status from 100 to 599 such as 404, \"2xx\" or \"100-499\", got \"100-600\""},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  good: {latency: 0s}\n",
	 "t.yaml:6: slos[0].good.latency: expected a duration from 1us to 1h, got \"0s\""},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  good: {latency: 0.5us}\n",
	 "t.yaml:6: slos[0].good.latency: expected a duration from 1us to 1h, got \"0.5us\""},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  good: {latency: 2h}\n",
	 "t.yaml:6: slos[0].good.latency: expected a duration from 1us to 1h, got \"2h\""},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  good: {latency: 61s}\n",
	 "t.yaml:6: slos[0].good.latency: expected at most agent.unanswered_after (60s), got 61s"},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  good: {latency: 100}\n",
	 "t.yaml:6: slos[0].good.latency: expected a duration from 1us to 1h, got \"100\" without a unit (ms, s, m, h, d)"},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  good: {min_body: -1}\n",
	 "t.yaml:6: slos[0].good.min_body: expected a number of bytes such as 1, 10k (10000) or 2M (2000000), got \"-1\""},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  good: {min_body: k}\n",
	 "t.yaml:6: slos[0].good.min_body: expected a number of bytes such as 1, 10k (10000) or 2M (2000000), got \"k\""},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  good: {min_body: 1KiB}\n",
	 "t.yaml:6: slos[0].good.min_body: expected a number of bytes such as 1, 10k (10000) or 2M (2000000), got \"1KiB\""},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  good: {min_body: 1000001M}\n",
	 "t.yaml:6: slos[0].good.min_body: expected a number of bytes such as 1, 10k (10000) or 2M (2000000), got \"1000001M\""},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  good: {min_body: 99999999999999999999}\n",
	 "t.yaml:6: slos[0].good.min_body: expected a number of bytes such as 1, 10k (10000) or 2M (2000000), got \"99999999999999999999\""},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  client_abort: good\n",
	 "t.yaml:6: slos[0].client_abort: expected late, bad or ignore, got \"good\""},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  alerts: none\n",
	 "t.yaml:6: slos[0].alerts: expected default, a list of alerts, or a mapping with min_bad, min_events, rules, got \"none\""},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  alerts: [page]\n",
	 "t.yaml:6: slos[0].alerts[0]: expected default or a mapping with one of burn, exhaust, budget, no-data, coverage, got \"page\""},
	{ONE_SERVICE "slos:\n"
		     "- name: n\n"
		     "  service: a\n"
		     "  objective: 99\n"
		     "  alert: x\n",
	 "t.yaml:6: slos[0].alert: unknown key (did you mean \"alerts\"?), expected one of name, service, objective, window, calendar, time_zone, budgeting, eligible, good, client_abort, alerts, description, labels"},
	{ONE_SERVICE "slos:\n"
		     "- {name: \"{service}\", service: a, objective: 99}\n",
	 "t.yaml:3: slos[0].name: expected no {service} in the name unless service is \"*\", got \"{service}\""},
	{ONE_SERVICE "slos:\n"
		     "- {name: n, service: \"*\", objective: 99}\n",
	 "t.yaml:3: slos[0].name: expected {service} once in the name of an SLO for service \"*\", got \"n\""},
	{ONE_SERVICE "slos:\n"
		     "- {name: \"{service}{service}\", service: \"*\", objective: 99}\n",
	 "t.yaml:3: slos[0].name: expected {service} once in the name of an SLO for service \"*\", got \"{service}{service}\""},
	{ONE_SERVICE "slos:\n"
		     "- {name: a/b, service: a, objective: 99}\n",
	 "t.yaml:3: slos[0].name: expected a name of at most 63 bytes without '/' or '\"', got \"a/b\""},
	{ONE_SERVICE "slos:\n"
		     "- {name: n, service: a, objective: 99}\n"
		     "- {name: n, service: a, objective: 9}\n",
	 "t.yaml:4: slos[1].name: expected a unique name, got \"n\" as in slos[0]"},
	{ONE_SERVICE "slos:\n"
		     "- {name: \"{service}\", service: \"*\", objective: 9}\n"
		     "- {name: a, service: a, objective: 9}\n",
	 "t.yaml:4: slos[1].name: expected a unique name, got \"a\" as in slos[0]"},
	{"slos:\n"
	 "- {name: \"{service}\", service: \"*\", objective: 9}\n"
	 "- {name: \"{service}\", service: \"*\", objective: 9}\n",
	 "t.yaml:3: slos[1].name: expected a unique name, got \"{service}\" as in slos[0]"},
	{"slos: [{labels: x}]\n",
	 "t.yaml:1: slos[0].labels: expected a mapping of labels, such as {team: shop, tier: \"1\"}, got \"x\""},
	{"slos: [{labels: {a-b: x}}]\n",
	 "t.yaml:1: slos[0].labels: expected a name of at most 63 letters, digits and '_' that does not begin with a digit or '__', got \"a-b\""},
	{"slos: [{labels: {1a: x}}]\n",
	 "t.yaml:1: slos[0].labels: expected a name of at most 63 letters, digits and '_' that does not begin with a digit or '__', got \"1a\""},
	{"slos: [{labels: {__name__: x}}]\n",
	 "t.yaml:1: slos[0].labels: expected a name of at most 63 letters, digits and '_' that does not begin with a digit or '__', got \"__name__\""},
	{"slos: [{labels: {severity: x}}]\n",
	 "t.yaml:1: slos[0].labels: expected a name of its own: every alert or metric of an SLO has \"severity\" already"},
	{"slos: [{labels: {a: x, a: y}}]\n",
	 "t.yaml:1: slos[0].labels: expected each key once, got \"a\" again"},
	{"slos: [{labels: {a: [x]}}]\n",
	 "t.yaml:1: slos[0].labels.a: expected a text of at most 255 bytes, got a list"},
	{"slos: [{labels: {a: ''}}]\n",
	 "t.yaml:1: slos[0].labels.a: expected a text of at most 255 bytes, got \"\""},
	{"slos: [{labels: {a: 1, b: 1, c: 1, d: 1, e: 1, f: 1, g: 1, h: 1, i: 1, j: 1, k: 1, l: 1, m: 1, n: 1, o: 1, p: 1, q: 1}}]\n",
	 "t.yaml:1: slos[0].labels: expected at most 16 labels, got 17"},
	{"slos: [{description: [x]}]\n",
	 "t.yaml:1: slos[0].description: expected text of at most 4200 bytes, got a list"},
	{"notify: x\n", "t.yaml:1: notify: expected a list of receivers, got \"x\""},
	{"notify: [x]\n",
	 "t.yaml:1: notify[0]: expected journal or a mapping with one of alertmanager, webhook, command, journal, got \"x\""},
	{"notify: [{}]\n",
	 "t.yaml:1: notify[0]: expected one of alertmanager, webhook, command, journal, got none"},
	{"notify: [{webhook: {url: 'http://x'}, command: {argv: [x]}}]\n",
	 "t.yaml:1: notify[0]: expected one of alertmanager, webhook, command, journal, got several"},
	{"notify: [{email: x}]\n",
	 "t.yaml:1: notify[0].email: unknown key, expected one of alertmanager, webhook, command, journal"},
	{"notify: [{webhook: {url: 'http://x', body: '{\"a\": \"{sumary}\"}'}}]\n",
	 "t.yaml:1: notify[0].webhook.body: unknown placeholder {sumary}; did you mean \"summary\"?, expected one of {importance}, {mitigation}, {owner}, {purpose}, {runbook}, {action}, {budget_left}, {burn_rate}, {command}, {description}, {explanation}, {host}, {id}, {joined}, {kind}, {left}, {level}, {line}, {message}, {sent_at}, {service}, {services}, {severity}, {since}, {slo}, {slos}, {started_at}, {status}, {summary}; {{sumary}} is written as {sumary}"},
	{"notify: [{webhook: {url: 'http://x', body: '{\"a\": {summary}}'}}]\n",
	 "t.yaml:1: notify[0].webhook.body: expected JSON once the placeholders are filled in, or another content_type: invalid token, in line 1 of the body"},
	{"notify: [{webhook: {url: 'http://x', body: {[a]: b}}}]\n",
	 "t.yaml:1: notify[0].webhook.body: expected text or YAML of at most 32768 bytes, got a mapping"},
	{"notify: [{webhook: {url: 'http://x', content_type: json}}]\n",
	 "t.yaml:1: notify[0].webhook.content_type: expected a media type such as application/json, got \"json\""},
	{"notify: [{webhook: {url: 'http://x', headers: ['content-TYPE: a/b']}}]\n",
	 "t.yaml:1: notify[0].webhook.headers[0]: expected a header such as \"X-Token: abc\" other than Content-Type, Content-Length and Host, got what is not shown, as it may be a secret"},
	{"notify: [{webhook: {url: 'http://x', headers: ['a b: c']}}]\n",
	 "t.yaml:1: notify[0].webhook.headers[0]: expected a header such as \"X-Token: abc\" other than Content-Type, Content-Length and Host, got what is not shown, as it may be a secret"},
	{"notify: [{webhook: {}}]\n",
	 "t.yaml:1: notify[0].webhook: expected one of url and url_file, got none"},
	{"notify: [{webhook: {url: ftp://x}}]\n",
	 "t.yaml:1: notify[0].webhook.url: expected a URL that starts with http:// or https://, got \"ftp://x\""},
	{"notify: [{command: {argv: []}}]\n",
	 "t.yaml:1: notify[0].command.argv: expected at least 1 in the list, got 0"},
	{"notify: [{command: {argv: x}}]\n",
	 "t.yaml:1: notify[0].command.argv: expected a list of a command and its arguments, got what is not shown, as it may be a secret"},
	{"samples: 1\n", "t.yaml:1: samples: expected off or a mapping, got \"1\""},
	{"samples: {bad: 1}\n",
	 "t.yaml:1: samples.bad: unknown key, expected one of bad_per_second, good_per_second, head_bytes, headers, keep, redact, trusted_proxies, version_env"},
	{"samples: {bad_per_second: 10001}\n",
	 "t.yaml:1: samples.bad_per_second: expected a number from 0 to 10000, got \"10001\""},
	{"samples: {good_per_second: many}\n",
	 "t.yaml:1: samples.good_per_second: expected a number from 0 to 10000, got \"many\""},
	{"samples: {head_bytes: 1025}\n",
	 "t.yaml:1: samples.head_bytes: expected a number from 0 to 1024, got \"1025\""},
	{"samples: {headers: [\"a b\"]}\n",
	 "t.yaml:1: samples.headers[0]: expected the name of a header, such as x-user-id, got \"a b\""},
	{"samples: {headers: [x-user-id, Authorization]}\n",
	 "t.yaml:1: samples.headers[1]: expected a header that lets nobody in, got \"Authorization\", which is never kept"},
	{"samples: {headers: [x-shop-token]}\n",
	 "t.yaml:1: samples.headers[0]: expected a header that lets nobody in, got \"x-shop-token\", which is never kept"},
	{"samples: {keep: {size: 15MiB}}\n",
	 "t.yaml:1: samples.keep.size: expected a size from 16MiB to 1024GiB, such as 256MiB, got \"15MiB\""},
	{"samples: {headers: [a, b, c, d, e, f, g, h, i]}\n",
	 "t.yaml:1: samples.headers: expected at most 8 in the list, got 9"},
	{"samples: {keep: {time: 1m}}\n",
	 "t.yaml:1: samples.keep.time: expected a duration from 1h to 92d in whole seconds, got \"1m\""},
	{"samples: {keep: {size: 256}}\n",
	 "t.yaml:1: samples.keep.size: expected a size from 16MiB to 1024GiB, such as 256MiB, got \"256\""},
	{"samples: {keep: {size: 1025GiB}}\n",
	 "t.yaml:1: samples.keep.size: expected a size from 16MiB to 1024GiB, such as 256MiB, got \"1025GiB\""},
	{"samples: {redact: {paths: all}}\n",
	 "t.yaml:1: samples.redact.paths: expected keep, mask or template, got \"all\""},
	{"samples: {redact: {headers: [\"\"]}}\n",
	 "t.yaml:1: samples.redact.headers[0]: expected the name of a header, such as x-user-id, got \"\""},
	{"samples: {redact: {clients: maybe}}\n",
	 "t.yaml:1: samples.redact.clients: expected yes or no, got \"maybe\""},
	{"samples: {trusted_proxies: [10.0.0.1/8]}\n",
	 "t.yaml:1: samples.trusted_proxies[0]: expected an address or a network, such as 10.0.0.0/8, got \"10.0.0.1/8\""},
	{"samples: {version_env: [1A]}\n",
	 "t.yaml:1: samples.version_env[0]: expected the name of a variable, such as APP_VERSION, got \"1A\""},
	{"tls: on\n",
	 "t.yaml:1: tls: expected off, servers, all or a mapping with mode and exclude, got \"on\""},
	{"tls: {mode: some}\n", "t.yaml:1: tls.mode: expected off, servers or all, got \"some\""},
	{"tls: {modes: all}\n",
	 "t.yaml:1: tls.modes: unknown key (did you mean \"mode\"?), expected one of mode, exclude"},
	{"tls:\n"
	 "  exclude: [clickhouse]\n",
	 "t.yaml:2: tls.exclude[0]: expected a glob on the path of an executable, such as /usr/bin/clickhouse*, got \"clickhouse\""},
	{"services: [{name: a, match: {port: 1}, samples: some}]\n",
	 "t.yaml:1: services[0].samples: expected on or off, got \"some\""},
};
