// Command silent makes the calls that it is told, all at once, over one connection that is pinged every 10 seconds, which
// is as often as grpc-go allows. For each it prints KIND, the gRPC code and the last message in base64.
//
// Arguments: the target, then for each call KIND=METHOD=MESSAGE, the message in base64. Messages stay bytes here.
package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"
)

// raw takes messages for the bytes that they are.
type raw struct{}

func (raw) Marshal(message any) ([]byte, error) { return *message.(*[]byte), nil }

func (raw) Unmarshal(data []byte, message any) error {
	*message.(*[]byte) = append([]byte(nil), data...)
	return nil
}

func (raw) Name() string { return "proto" }

// call reads all messages of a response, one or many, and returns the last.
func call(connection *grpc.ClientConn, method string, request []byte) (last []byte, err error) {
	stream, err := connection.NewStream(context.Background(), &grpc.StreamDesc{ServerStreams: true}, method)
	if err != nil {
		return nil, err
	}
	if err = stream.SendMsg(&request); err != nil {
		return nil, err
	}
	if err = stream.CloseSend(); err != nil {
		return nil, err
	}
	for {
		var message []byte
		if err = stream.RecvMsg(&message); errors.Is(err, io.EOF) {
			return last, nil
		} else if err != nil {
			return last, err
		}
		last = message
	}
}

func main() {
	connection, err := grpc.NewClient(os.Args[1],
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(raw{})),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{
			Time: 10 * time.Second, Timeout: 5 * time.Second, PermitWithoutStream: true,
		}))
	if err != nil {
		panic(err)
	}
	defer connection.Close()
	var calls sync.WaitGroup
	for _, argument := range os.Args[2:] {
		parts := strings.SplitN(argument, "=", 3)
		request, err := base64.StdEncoding.DecodeString(parts[2])
		if err != nil {
			panic(err)
		}
		calls.Go(func() {
			last, err := call(connection, parts[1], request)
			fmt.Println(parts[0], status.Code(err), base64.StdEncoding.EncodeToString(last))
		})
	}
	calls.Wait()
}
