// SPDX-License-Identifier: GPL-2.0-only

// The same answers as httpd.c, by net/http. Arguments: PORT [CERT KEY [MODE]]. With a certificate it speaks HTTP/1.1
// over TLS; by MODE "wrapped" each connection in a type of its own, or "bare" without net/http: handshakes are left
// to the first read, and buffers are on the stack, which grows in between.
package main

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

func answer(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(r.URL.Path, "/")
	what, number, status := "", 0, 200
	if len(parts) > 2 {
		what = parts[1]
		number, _ = strconv.Atoi(parts[2])
	}
	body := "hello"
	io.Copy(io.Discard, r.Body)
	switch what {
	case "status":
		status = number
	case "bytes", "chunked":
		body = strings.Repeat("x", number)
	case "sleep":
		time.Sleep(time.Duration(number) * time.Millisecond)
	}
	if what != "chunked" && status != 204 {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(status)
	if status == 204 || status == 304 {
		return
	}
	half := len(body) / 2
	io.WriteString(w, body[:half])
	if f, ok := w.(http.Flusher); ok && what == "chunked" {
		f.Flush()
	}
	io.WriteString(w, body[half:])
}

// What a program may put around its connections.
type wrapped struct {
	inner net.Conn
	bytes int
}

func (w *wrapped) Read(b []byte) (int, error) {
	n, err := w.inner.Read(b)
	w.bytes += n
	return n, err
}

func (w *wrapped) Write(b []byte) (int, error)        { return w.inner.Write(b) }
func (w *wrapped) Close() error                       { return w.inner.Close() }
func (w *wrapped) LocalAddr() net.Addr                { return w.inner.LocalAddr() }
func (w *wrapped) RemoteAddr() net.Addr               { return w.inner.RemoteAddr() }
func (w *wrapped) SetDeadline(t time.Time) error      { return w.inner.SetDeadline(t) }
func (w *wrapped) SetReadDeadline(t time.Time) error  { return w.inner.SetReadDeadline(t) }
func (w *wrapped) SetWriteDeadline(t time.Time) error { return w.inner.SetWriteDeadline(t) }

type wrapper struct{ net.Listener }

func (w wrapper) Accept() (net.Conn, error) {
	c, err := w.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &wrapped{inner: c}, nil
}

//go:noinline
func deep(n int) byte {
	var room [512]byte
	if n > 0 {
		room[n] = deep(n - 1)
	}
	return room[n]
}

// Requests without bodies, one after the other, of one connection.
func bare(c *tls.Conn) {
	var in, out [512]byte
	defer c.Close()
	for have, depth := 0, 1; ; {
		n, err := c.Read(in[have:])
		have += n
		end := bytes.Index(in[:have], []byte("\r\n\r\n"))
		if end >= 0 {
			status := "200"
			if bytes.HasPrefix(in[:], []byte("GET /status/")) {
				status = string(in[12:15])
			}
			have = copy(in[:], in[end+4:have])
			depth = depth * 2 % 499
			deep(depth)
			m := copy(out[:], "HTTP/1.1 "+status+" x\r\nContent-Length: 5\r\n\r\nhello")
			if _, err := c.Write(out[:m]); err != nil {
				return
			}
		}
		if err != nil || have == len(in) {
			return
		}
	}
}

func serveBare(l net.Listener, config *tls.Config) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go bare(tls.Server(c, config))
	}
}

func main() {
	l, err := net.Listen("tcp4", "127.0.0.1:"+os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("listening", l.Addr().(*net.TCPAddr).Port)
	if len(os.Args) < 4 {
		http.Serve(l, http.HandlerFunc(answer))
	}
	pair, err := tls.LoadX509KeyPair(os.Args[2], os.Args[3])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	config := &tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: []string{"http/1.1"}}
	mode := append(os.Args, "")[4]
	if mode == "bare" {
		serveBare(l, config)
	}
	if mode == "wrapped" {
		l = wrapper{l}
	}
	http.Serve(tls.NewListener(l, config), http.HandlerFunc(answer))
}
