// SPDX-License-Identifier: GPL-2.0-only

// A gRPC server by grpc-go: grpcd.py says what it does. Arguments: PORT [CERT KEY].
package main

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// Messages are bytes as they are.
type bare struct{}

func (bare) Marshal(v interface{}) ([]byte, error) { return *v.(*[]byte), nil }
func (bare) Unmarshal(data []byte, v interface{}) error {
	*v.(*[]byte) = append([]byte(nil), data...)
	return nil
}
func (bare) Name() string { return "proto" }

func words(message []byte) map[string]int {
	said := map[string]int{"size": 5, "count": 1}
	for _, word := range strings.Fields(string(message)) {
		parts := strings.SplitN(word, "=", 2)
		said[parts[0]], _ = strconv.Atoi(parts[1])
	}
	return said
}

func do(message []byte, stream grpc.ServerStream) error {
	said := words(message)
	select {
	case <-time.After(time.Duration(said["delay_ms"]) * time.Millisecond):
	case <-stream.Context().Done():
		return status.FromContextError(stream.Context().Err()).Err()
	}
	if said["big"] > 0 {
		stream.SetTrailer(metadata.Pairs("x-big", strings.Repeat("m", said["big"])))
	}
	if said["status"] == 0 || said["count"] > 1 {
		body := make([]byte, said["size"])
		for i := 0; i < said["count"]; i++ {
			if err := stream.SendMsg(&body); err != nil {
				return err
			}
		}
	}
	if said["status"] != 0 {
		return status.Error(codes.Code(said["status"]), "as was said")
	}
	return nil
}

func serve(_ interface{}, stream grpc.ServerStream) error {
	path, _ := grpc.MethodFromServerStream(stream)
	if !strings.HasPrefix(path, "/e2e.Echo/") {
		return status.Error(codes.Unimplemented, "no such service")
	}
	var first, last []byte
	for n := 0; ; n++ {
		var message []byte
		err := stream.RecvMsg(&message)
		if err != nil && (err.Error() != "EOF" || n == 0) {
			return err
		}
		switch {
		case err != nil && strings.HasSuffix(path, "/Upload"):
			return do(last, stream)
		case err != nil:
			return nil
		case strings.HasSuffix(path, "/Chat"):
			if err := do(message, stream); err != nil {
				return err
			}
		case strings.HasSuffix(path, "/Upload"):
			last = message
		default:
			first = message
			return do(first, stream)
		}
	}
}

func main() {
	encoding.RegisterCodec(bare{})
	l, err := net.Listen("tcp4", "127.0.0.1:"+os.Args[1])
	if err != nil {
		panic(err)
	}
	options := []grpc.ServerOption{grpc.UnknownServiceHandler(serve), grpc.MaxRecvMsgSize(1 << 30)}
	if len(os.Args) > 3 {
		creds, err := credentials.NewServerTLSFromFile(os.Args[2], os.Args[3])
		if err != nil {
			panic(err)
		}
		options = append(options, grpc.Creds(creds))
	}
	fmt.Println("listening", l.Addr().(*net.TCPAddr).Port)
	panic(grpc.NewServer(options...).Serve(l))
}
