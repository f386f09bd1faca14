// A client of aibridge with grpc-go: models, chat with a tool, streams, embeddings, and every kind of failure.
package main

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	aibridge "github.com/aibridge/aibridge/generated/go/aibridge/v1"
)

const (
	messageSize = 64 << 20
	timeout     = 10 * time.Second
)

//go:embed service_config.json
var serviceConfig string

// connect returns a connection with retries as the bridge advises, keepalive during calls, and room for a batch of
// embeddings.
func connect(target string) (*grpc.ClientConn, error) {
	return grpc.NewClient(target,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(serviceConfig),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 60 * time.Second, Timeout: 20 * time.Second}),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(messageSize), grpc.MaxCallSendMsgSize(messageSize)),
	)
}

type client struct {
	models     aibridge.ModelsServiceClient
	chat       aibridge.ChatServiceClient
	embeddings aibridge.EmbeddingsServiceClient
	token      string
}

// call returns the context of one call: its deadline and the caller's credential.
func (c *client) call(timeout time.Duration) (context.Context, context.CancelFunc) {
	ctx := context.Background()
	if c.token != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+c.token)
	}
	return context.WithTimeout(ctx, timeout)
}

func user(content string) *aibridge.ChatCompletionMessage {
	return &aibridge.ChatCompletionMessage{
		Role:        proto.String("user"),
		ContentKind: &aibridge.ChatCompletionMessage_Content{Content: content},
	}
}

func asking(model, content string) *aibridge.CreateChatCompletionRequest {
	return &aibridge.CreateChatCompletionRequest{
		Model:    proto.String(model),
		Messages: []*aibridge.ChatCompletionMessage{user(content)},
	}
}

func weather() *aibridge.Tool {
	return &aibridge.Tool{
		Type: proto.String("function"),
		Function: &aibridge.FunctionDefinition{
			Name:           proto.String("get_weather"),
			Description:    proto.String("The weather in a city, now."),
			ParametersJson: proto.String(`{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}`),
		},
	}
}

func ending(finishReason string, usage *aibridge.Usage) string {
	return fmt.Sprintf("finish_reason %s, %d + %d = %d tokens",
		finishReason, usage.GetPromptTokens(), usage.GetCompletionTokens(), usage.GetTotalTokens())
}

func (c *client) listModels() error {
	ctx, cancel := c.call(timeout)
	defer cancel()
	response, err := c.models.ListModels(ctx, &aibridge.ListModelsRequest{})
	if err != nil {
		return err
	}
	ids := []string{}
	for _, model := range response.GetData() {
		ids = append(ids, model.GetId())
	}
	fmt.Println("models:", strings.Join(ids, " "))
	return nil
}

func (c *client) chatWithTool() error {
	ctx, cancel := c.call(timeout)
	defer cancel()
	request := asking("example/chat", "What is the weather in Paris?")
	request.Tools = []*aibridge.Tool{weather()}
	response, err := c.chat.CreateChatCompletion(ctx, request)
	if err != nil {
		return err
	}
	message := response.GetChoices()[0].GetMessage()
	call := message.GetToolCalls()[0]
	fmt.Println("chat: call", call.GetFunction().GetName(), call.GetFunction().GetArguments())

	request.Messages = append(request.Messages, message, &aibridge.ChatCompletionMessage{
		Role:        proto.String("tool"),
		ToolCallId:  call.Id,
		ContentKind: &aibridge.ChatCompletionMessage_Content{Content: `{"degrees":21}`},
	})
	response, err = c.chat.CreateChatCompletion(ctx, request)
	if err != nil {
		return err
	}
	choice := response.GetChoices()[0]
	fmt.Println("chat:", choice.GetMessage().GetContent())
	fmt.Println("chat:", ending(choice.GetFinishReason(), response.GetUsage()))
	return nil
}

func (c *client) stream() error {
	ctx, cancel := c.call(timeout)
	defer cancel()
	request := asking("example/stream", "Hello!")
	request.StreamOptions = &aibridge.StreamOptions{IncludeUsage: proto.Bool(true)}
	stream, err := c.chat.CreateChatCompletionStream(ctx, request)
	if err != nil {
		return err
	}
	var text, finishReason string
	var usage *aibridge.Usage
	for {
		chunk, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		for _, choice := range chunk.GetChoices() {
			text += choice.GetDelta().GetContent()
			finishReason = cmp.Or(choice.GetFinishReason(), finishReason)
		}
		if chunk.GetUsage() != nil {
			usage = chunk.GetUsage()
		}
	}
	fmt.Println("stream:", text)
	fmt.Println("stream:", ending(finishReason, usage))
	return nil
}

func (c *client) tools() error {
	ctx, cancel := c.call(timeout)
	defer cancel()
	request := asking("example/tools", "What is the weather in Paris, and how late is it there?")
	request.Tools = []*aibridge.Tool{weather()}
	stream, err := c.chat.CreateChatCompletionStream(ctx, request)
	if err != nil {
		return err
	}
	var calls toolCalls
	var finishReason string
	for {
		chunk, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		for _, choice := range chunk.GetChoices() {
			calls.add(choice.GetDelta().GetToolCalls())
			finishReason = cmp.Or(choice.GetFinishReason(), finishReason)
		}
	}
	for _, call := range calls {
		fmt.Println("tools:", call.GetId(), call.GetFunction().GetName(), call.GetFunction().GetArguments())
	}
	fmt.Println("tools: finish_reason", finishReason)
	return nil
}

// toolCalls are put together from deltas, which name their call by its index; the arguments come in pieces.
type toolCalls []*aibridge.ToolCall

func (calls *toolCalls) add(deltas []*aibridge.ToolCallDelta) {
	for _, delta := range deltas {
		for int(delta.GetIndex()) >= len(*calls) {
			*calls = append(*calls, &aibridge.ToolCall{Function: &aibridge.FunctionCall{}})
		}
		call := (*calls)[delta.GetIndex()]
		if delta.Id != nil {
			call.Id = delta.Id
		}
		if delta.GetFunction().GetName() != "" {
			call.Function.Name = delta.Function.Name
		}
		call.Function.Arguments = proto.String(call.Function.GetArguments() + delta.GetFunction().GetArguments())
	}
}

func (c *client) embed() error {
	ctx, cancel := c.call(timeout)
	defer cancel()
	texts := &aibridge.InputTexts{Items: []string{"a lighthouse", "a rowing boat"}}
	response, err := c.embeddings.CreateEmbedding(ctx, &aibridge.CreateEmbeddingRequest{
		Model:     proto.String("example/embed"),
		InputKind: &aibridge.CreateEmbeddingRequest_InputTexts{InputTexts: texts},
	})
	if err != nil {
		return err
	}
	for _, embedding := range response.GetData() {
		fmt.Println("embed:", strings.Trim(fmt.Sprint(embedding.GetEmbedding()), "[]"))
	}
	return nil
}

func (c *client) retry() error {
	ctx, cancel := c.call(timeout)
	defer cancel()
	model, err := c.models.RetrieveModel(ctx, &aibridge.RetrieveModelRequest{Model: proto.String("example/flaky")})
	if err != nil {
		return err
	}
	fmt.Println("retry:", model.GetId())
	return nil
}

func (c *client) cancel() error {
	ctx, cancel := c.call(timeout)
	defer cancel()
	stream, err := c.chat.CreateChatCompletionStream(ctx, asking("example/endless", "Hello!"))
	if err != nil {
		return err
	}
	chunks := 0
	for {
		if _, err := stream.Recv(); err != nil {
			fmt.Printf("cancel: %s after %d chunks\n", failureOf(err).code, chunks)
			return nil
		}
		if chunks < 3 { // chunks that have arrived may still be read
			chunks++
		}
		if chunks == 3 {
			cancel()
		}
	}
}

func (c *client) deadline() error {
	ctx, cancel := c.call(500 * time.Millisecond)
	defer cancel()
	_, err := c.chat.CreateChatCompletion(ctx, asking("example/slow", "Hello!"))
	fmt.Println("deadline:", failureOf(err).code)
	return nil
}

func (c *client) invalid() error {
	ctx, cancel := c.call(timeout)
	defer cancel()
	request := asking("example/chat", "Hello!")
	request.Messages = append(request.Messages, &aibridge.ChatCompletionMessage{Role: proto.String("user")})
	_, err := c.chat.CreateChatCompletion(ctx, request)
	failure := failureOf(err)
	fmt.Println("invalid:", failure.code, failure.reason)
	for _, violation := range failure.violations {
		fmt.Println("invalid:", violation.GetField(), violation.GetDescription())
	}
	return nil
}

func (c *client) rateLimit() error {
	ctx, cancel := c.call(timeout)
	defer cancel()
	ctx = metadata.AppendToOutgoingContext(ctx, "x-request-id", "example-rate-limit")
	_, err := c.chat.CreateChatCompletion(ctx, asking("example/rate-limited", "Hello!"))
	failure := failureOf(err)
	fmt.Println("rate-limit:", failure.code, failure.reason)
	if failure.reason == aibridge.Reason_RATE_LIMIT_EXCEEDED.String() {
		fmt.Println("rate-limit: retry after", failure.retryDelay.Milliseconds(), "ms")
	}
	fmt.Println("rate-limit: upstream HTTP", failure.upstream.GetHttpStatus(), failure.upstream.GetCode())
	fmt.Println("rate-limit: request id", failure.requestID)
	return nil
}

func (c *client) cut() error {
	ctx, cancel := c.call(timeout)
	defer cancel()
	stream, err := c.chat.CreateChatCompletionStream(ctx, asking("example/cut", "Hello!"))
	if err != nil {
		return err
	}
	text := ""
	for chunks := 0; ; chunks++ {
		chunk, err := stream.Recv()
		if err != nil { // io.EOF would be a whole response
			failure := failureOf(err)
			fmt.Printf("cut: %s after %d chunks\n", text, chunks)
			fmt.Println("cut:", failure.code, failure.reason)
			return nil
		}
		for _, choice := range chunk.GetChoices() {
			text += choice.GetDelta().GetContent()
		}
	}
}

func (c *client) missing() error {
	ctx, cancel := c.call(timeout)
	defer cancel()
	_, err := c.models.RetrieveModel(ctx, &aibridge.RetrieveModelRequest{Model: proto.String("example/missing")})
	failure := failureOf(err)
	fmt.Println("missing:", failure.code, failure.reason)
	fmt.Println("missing:", failure.resource.GetResourceType(), failure.resource.GetResourceName())
	return nil
}

func main() {
	connection, err := connect(cmp.Or(os.Getenv("AIBRIDGE_TARGET"), "127.0.0.1:50051"))
	if err != nil {
		log.Fatal(err)
	}
	defer connection.Close()
	c := &client{
		models:     aibridge.NewModelsServiceClient(connection),
		chat:       aibridge.NewChatServiceClient(connection),
		embeddings: aibridge.NewEmbeddingsServiceClient(connection),
		token:      os.Getenv("AIBRIDGE_TOKEN"),
	}
	for _, step := range []func() error{
		c.listModels, c.chatWithTool, c.stream, c.tools, c.embed, c.retry,
		c.cancel, c.deadline, c.invalid, c.rateLimit, c.cut, c.missing,
	} {
		if err := step(); err != nil {
			log.Fatal(err)
		}
	}
}
