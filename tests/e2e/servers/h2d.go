// SPDX-License-Identifier: GPL-2.0-only

// HTTP/1.1 and HTTP/2 by net/http, the answers of httpd.go's /status, /bytes and /sleep. Arguments:
// PORT [CERT KEY ["both"]]. Without a certificate HTTP/2 is spoken by prior knowledge and by upgrade; by "both" all
// of it on one port, in plain text and over TLS.
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/h2c"
)

func answer(w http.ResponseWriter, r *http.Request) {
	parts := append(strings.Split(r.URL.Path, "/"), "", "")
	number, _ := strconv.Atoi(parts[2])
	status, body := 200, "hello"
	io.Copy(io.Discard, r.Body)
	switch parts[1] {
	case "status":
		status = number
	case "bytes":
		body = strings.Repeat("x", number)
	case "sleep":
		time.Sleep(time.Duration(number) * time.Millisecond)
	case "missing":
		status = 404
	}
	w.WriteHeader(status)
	if status != 204 && status != 304 {
		io.WriteString(w, body)
	}
}

// Connections as they are handed to it.
type handed struct {
	net.Listener
	conns chan net.Conn
}

func (h handed) Accept() (net.Conn, error) { return <-h.conns, nil }

// The first byte that the client sends, which is not taken.
func first(c *net.TCPConn) byte {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0
	}
	var b [1]byte
	raw.Read(func(fd uintptr) bool {
		n, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK)
		return n >= 0 && err == nil
	})
	return b[0]
}

func serveBoth(l net.Listener, plain, secure *http.Server, cert, key string) {
	clear, covered := handed{l, make(chan net.Conn)}, handed{l, make(chan net.Conn)}
	go plain.Serve(clear)
	go secure.ServeTLS(covered, cert, key)
	for {
		c, err := l.Accept()
		if err != nil {
			panic(err)
		}
		go func() {
			if first(c.(*net.TCPConn)) == 22 { // a handshake
				covered.conns <- c
			} else {
				clear.conns <- c
			}
		}()
	}
}

func main() {
	l, err := net.Listen("tcp4", "127.0.0.1:"+os.Args[1])
	if err != nil {
		panic(err)
	}
	fmt.Println("listening", l.Addr().(*net.TCPAddr).Port)
	http2s := &http2.Server{MaxConcurrentStreams: 2000}
	server := &http.Server{Handler: http.HandlerFunc(answer)}
	plain := &http.Server{Handler: h2c.NewHandler(server.Handler, http2s)}
	if len(os.Args) < 4 {
		panic(plain.Serve(l))
	}
	if len(os.Args) > 4 {
		serveBoth(l, plain, server, os.Args[2], os.Args[3])
	}
	panic(server.ServeTLS(l, os.Args[2], os.Args[3]))
}
