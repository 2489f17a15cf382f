// SPDX-License-Identifier: GPL-2.0-only

// The same answers as httpd.c, by net/http. Arguments: PORT.
package main

import (
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

func main() {
	l, err := net.Listen("tcp4", "127.0.0.1:"+os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("listening", l.Addr().(*net.TCPAddr).Port)
	http.Serve(l, http.HandlerFunc(answer))
}
