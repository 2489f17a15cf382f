// SPDX-License-Identifier: GPL-2.0-only
// HTTP/2 by node, the answers of httpd.js's /status, /bytes and /sleep. Arguments: PORT [CERT KEY].
'use strict';
const fs = require('fs');
const http2 = require('http2');

const [, , port, cert, key] = process.argv;
const server = cert ?
	http2.createSecureServer({ cert: fs.readFileSync(cert), key: fs.readFileSync(key), allowHTTP1: true }) :
	http2.createServer();

server.on('request', (req, res) => {
	const [, what, value] = req.url.split('/');
	const number = parseInt(value, 10);

	req.resume();
	req.on('end', () => {
		setTimeout(() => {
			res.statusCode = what === 'status' ? number : what === 'missing' ? 404 : 200;
			res.end([204, 304].includes(res.statusCode) ? undefined : 'x'.repeat(what === 'bytes' ? number : 5));
		}, what === 'sleep' ? number : 0);
	});
});
server.listen(parseInt(port, 10), '127.0.0.1', 4096, () => console.log('listening ' + server.address().port));
