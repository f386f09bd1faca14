// Callers with grpc-go that never pause, until SIGTERM; then what failed, as one line of JSON.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	_ "google.golang.org/grpc/health" // client health checks
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/resolver/dns"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	aibridge "github.com/aibridge/aibridge/generated/go/aibridge/v1"
)

const (
	chunks = 40
	// So long a failing caller waits: an outage is counted in calls, not in a busy loop's turns.
	pause = 200 * time.Millisecond
)

type load struct {
	sync.Mutex
	Ok       int     `json:"ok"`
	Failures [][]any `json:"failures"`
	Longest  float64 `json:"longest"`
	chat     aibridge.ChatServiceClient
	token    string
}

func (l *load) note(kind string, began time.Time, problem string) {
	l.Lock()
	defer l.Unlock()
	l.Longest = max(l.Longest, time.Since(began).Seconds())
	if problem == "" {
		l.Ok++
	} else {
		l.Failures = append(l.Failures, []any{kind, float64(time.Now().UnixMilli()) / 1000, problem})
	}
}

func said(err error) string {
	return fmt.Sprintf("%s %s", status.Code(err), status.Convert(err).Message())
}

func (l *load) stream(ctx context.Context, request *aibridge.CreateChatCompletionRequest) string {
	call, err := l.chat.CreateChatCompletionStream(ctx, request)
	count, finished := 0, false
	for err == nil {
		var message *aibridge.CreateChatCompletionStreamResponse
		if message, err = call.Recv(); err == nil {
			if message.Choices[0].GetDelta().GetContent() != "" {
				count++
			}
			finished = finished || message.Choices[0].FinishReason != nil
		}
	}
	if err != io.EOF {
		return fmt.Sprintf("%s after %d chunks", said(err), count)
	}
	if count != chunks || !finished {
		return fmt.Sprintf("OK with %d chunks, finished %t", count, finished)
	}
	return ""
}

func (l *load) unary(ctx context.Context, request *aibridge.CreateChatCompletionRequest) string {
	response, err := l.chat.CreateChatCompletion(ctx, request)
	if err != nil {
		return said(err)
	}
	if text := response.Choices[0].GetMessage().GetContent(); text != "hello" {
		return "OK with another text"
	}
	return ""
}

func (l *load) repeat(over context.Context, kind string, method func(context.Context, *aibridge.CreateChatCompletionRequest) string) {
	request := &aibridge.CreateChatCompletionRequest{
		Model: proto.String("m"), MaxTokens: proto.Int32(chunks),
		Messages: []*aibridge.ChatCompletionMessage{{
			Role: proto.String("user"), ContentKind: &aibridge.ChatCompletionMessage_Content{Content: "hi"},
		}},
	}
	for over.Err() == nil {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+l.token)
		began := time.Now()
		problem := method(ctx, request)
		cancel()
		l.note(kind, began, problem)
		if problem != "" {
			time.Sleep(pause)
		}
	}
}

func main() {
	target := flag.String("target", "", "")
	token := flag.String("token", "", "")
	ca := flag.String("ca", "", "")
	config := flag.String("config", "", "")
	resolution := flag.Int("dns", 0, "")
	streams := flag.Int("streams", 2, "")
	unary := flag.Int("unary", 2, "")
	flag.Parse()
	if *resolution > 0 {
		dns.SetMinResolutionInterval(time.Duration(*resolution) * time.Millisecond)
	}
	transport := insecure.NewCredentials()
	if *ca != "" {
		var err error
		if transport, err = credentials.NewClientTLSFromFile(*ca, ""); err != nil {
			panic(err)
		}
	}
	connection, err := grpc.NewClient(*target, grpc.WithTransportCredentials(transport), grpc.WithDefaultServiceConfig(*config))
	if err != nil {
		panic(err)
	}
	over, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	l := &load{chat: aibridge.NewChatServiceClient(connection), token: *token, Failures: [][]any{}}
	var running sync.WaitGroup
	for range *streams {
		running.Go(func() { l.repeat(over, "stream", l.stream) })
	}
	for range *unary {
		running.Go(func() { l.repeat(over, "unary", l.unary) })
	}
	running.Wait()
	if err := json.NewEncoder(os.Stdout).Encode(l); err != nil {
		panic(err)
	}
}
