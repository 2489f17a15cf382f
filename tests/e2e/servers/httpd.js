// SPDX-License-Identifier: GPL-2.0-only
// The same answers as httpd.c, by node's own http server. Arguments: PORT.
'use strict';
const http = require('http');

const server = http.createServer((req, res) => {
	const [, what, value] = req.url.split('/');
	const number = parseInt(value, 10);

	req.resume();
	req.on('end', () => {
		const status = what === 'status' ? number : 200;
		const body = 'x'.repeat(what === 'bytes' || what === 'chunked' ? number : 5);

		setTimeout(() => {
			res.statusCode = status;
			if (what === 'chunked') {
				res.write(body.slice(0, body.length / 2));
				res.end(body.slice(body.length / 2));
				return;
			}
			if (status !== 204)
				res.setHeader('Content-Length', body.length);
			res.end(status === 204 || status === 304 ? undefined : body);
		}, what === 'sleep' ? number : 0);
	});
});
server.keepAliveTimeout = 60000;
server.maxRequestsPerSocket = 0;
server.listen(parseInt(process.argv[2], 10), '127.0.0.1', 4096, () => {
	console.log('listening ' + server.address().port);
});
