// A bridge in the fewest lines: what a team writes by hand for the gateway it has.
//
// Models, chat, streams and embeddings, with the project's own messages, grpc-go and encoding/json. Of a request it sends
// the model, text messages and two parameters. Of a response it carries the members that encoding/json finds by itself,
// `content` and vectors, and loses what is not in the schema. It has no limits, no retries, no telemetry, no credentials
// of callers, and hardly any judgement of errors: one inside of a stream reaches the caller as an empty message.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"math"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "github.com/aibridge/aibridge/generated/go/aibridge/v1"
)

// The generated structs have the JSON names in their tags; only the members of a oneof need a place of their own.
type (
	message struct {
		*pb.ChatCompletionMessage
		Content *string `json:"content"`
	}
	choice struct {
		*pb.Choice
		Message *message `json:"message"`
	}
	completion struct {
		*pb.CreateChatCompletionResponse
		Choices []choice `json:"choices"`
	}
	delta struct {
		*pb.ChatCompletionDelta
		Content *string `json:"content"`
	}
	chunkChoice struct {
		*pb.ChunkChoice
		Delta *delta `json:"delta"`
	}
	chunk struct {
		*pb.CreateChatCompletionStreamResponse
		Choices []chunkChoice `json:"choices"`
	}
	embedding struct {
		*pb.Embedding
		Vector string `json:"embedding"`
	}
	embeddings struct {
		*pb.CreateEmbeddingResponse
		Data []embedding `json:"data"`
	}
	turn struct {
		Role    string `json:"role"`
		Content string `json:"content"`
	}
	chatRequest struct {
		Model       string   `json:"model"`
		Messages    []turn   `json:"messages"`
		Temperature *float64 `json:"temperature,omitempty"`
		MaxTokens   *int32   `json:"max_tokens,omitempty"`
		Stream      bool     `json:"stream,omitempty"`
	}
	embeddingRequest struct {
		Model          string `json:"model"`
		Input          any    `json:"input"`
		EncodingFormat string `json:"encoding_format"`
		Dimensions     *int32 `json:"dimensions,omitempty"`
	}
)

type bridge struct {
	pb.UnimplementedModelsServiceServer
	pb.UnimplementedChatServiceServer
	pb.UnimplementedEmbeddingsServiceServer
	base, key string
	client    http.Client
}

// Send makes a request. The body of the response is the caller's to close.
func (b *bridge) send(ctx context.Context, method, path string, body any) (io.ReadCloser, error) {
	var data []byte
	if body != nil {
		var err error
		if data, err = json.Marshal(body); err != nil {
			return nil, status.Error(codes.InvalidArgument, err.Error())
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, b.base+path, bytes.NewReader(data))
	if err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	request.Header.Set("Content-Type", "application/json")
	if b.key != "" {
		request.Header.Set("Authorization", "Bearer "+b.key)
	}
	response, err := b.client.Do(request)
	if err != nil {
		return nil, failed(ctx, err)
	}
	if response.StatusCode/100 != 2 {
		defer response.Body.Close()
		text, _ := io.ReadAll(io.LimitReader(response.Body, 1<<16))
		code, found := statuses[response.StatusCode]
		if !found {
			code = codes.Internal
		}
		return nil, status.Error(code, fmt.Sprintf("HTTP %d: %s", response.StatusCode, text))
	}
	return response.Body, nil
}

var statuses = map[int]codes.Code{
	400: codes.InvalidArgument, 401: codes.Unauthenticated, 403: codes.PermissionDenied, 404: codes.NotFound,
	429: codes.ResourceExhausted, 502: codes.Unavailable, 503: codes.Unavailable, 504: codes.DeadlineExceeded,
}

func failed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return status.FromContextError(ctx.Err()).Err()
	}
	return status.Error(codes.Unavailable, err.Error())
}

func (b *bridge) whole(ctx context.Context, method, path string, body, into any) error {
	response, err := b.send(ctx, method, path, body)
	if err != nil {
		return err
	}
	defer response.Close()
	data, err := io.ReadAll(response)
	if err != nil {
		return failed(ctx, err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		return status.Error(codes.Internal, err.Error())
	}
	return nil
}

func (b *bridge) ListModels(ctx context.Context, _ *pb.ListModelsRequest) (*pb.ListModelsResponse, error) {
	found := &pb.ListModelsResponse{}
	return found, b.whole(ctx, "GET", "/models", nil, found)
}

func (b *bridge) RetrieveModel(ctx context.Context, request *pb.RetrieveModelRequest) (*pb.Model, error) {
	found := &pb.Model{}
	return found, b.whole(ctx, "GET", "/models/"+url.PathEscape(request.GetModel()), nil, found)
}

func asked(request *pb.CreateChatCompletionRequest, stream bool) chatRequest {
	body := chatRequest{request.GetModel(), nil, request.Temperature, request.MaxTokens, stream}
	for _, one := range request.Messages {
		body.Messages = append(body.Messages, turn{one.GetRole(), one.GetContent()})
	}
	return body
}

func (b *bridge) CreateChatCompletion(
	ctx context.Context, request *pb.CreateChatCompletionRequest,
) (*pb.CreateChatCompletionResponse, error) {
	var found completion
	if err := b.whole(ctx, "POST", "/chat/completions", asked(request, false), &found); err != nil {
		return nil, err
	}
	response := found.CreateChatCompletionResponse
	for _, one := range found.Choices {
		one.Choice.Message = one.Message.ChatCompletionMessage
		if one.Message.Content != nil {
			one.Choice.Message.ContentKind = &pb.ChatCompletionMessage_Content{Content: *one.Message.Content}
		}
		response.Choices = append(response.Choices, one.Choice)
	}
	return response, nil
}

func (b *bridge) CreateChatCompletionStream(
	request *pb.CreateChatCompletionRequest, stream grpc.ServerStreamingServer[pb.CreateChatCompletionStreamResponse],
) error {
	ctx, cancel := context.WithCancel(stream.Context())
	defer cancel()
	response, err := b.send(ctx, "POST", "/chat/completions", asked(request, true))
	if err != nil {
		return err
	}
	defer response.Close()
	lines := bufio.NewReaderSize(response, 1<<16)
	for {
		line, err := lines.ReadSlice('\n')
		if err != nil {
			return failed(ctx, err)
		}
		data, found := bytes.CutPrefix(bytes.TrimRight(line, "\r\n"), []byte("data: "))
		if !found {
			continue
		}
		if bytes.Equal(data, []byte("[DONE]")) {
			_, _ = io.Copy(io.Discard, response) // so that the connection can be used again
			return nil
		}
		if err := forward(data, stream); err != nil {
			return err
		}
	}
}

func forward(data []byte, stream grpc.ServerStreamingServer[pb.CreateChatCompletionStreamResponse]) error {
	var found chunk
	if err := json.Unmarshal(data, &found); err != nil {
		return status.Error(codes.Internal, err.Error())
	}
	response := found.CreateChatCompletionStreamResponse
	for _, one := range found.Choices {
		if one.Delta != nil {
			if one.ChunkChoice.Delta = one.Delta.ChatCompletionDelta; one.ChunkChoice.Delta == nil {
				one.ChunkChoice.Delta = &pb.ChatCompletionDelta{}
			}
			if one.Delta.Content != nil {
				one.ChunkChoice.Delta.ContentKind = &pb.ChatCompletionDelta_Content{Content: *one.Delta.Content}
			}
		}
		response.Choices = append(response.Choices, one.ChunkChoice)
	}
	return stream.Send(response)
}

func (b *bridge) CreateEmbedding(
	ctx context.Context, request *pb.CreateEmbeddingRequest,
) (*pb.CreateEmbeddingResponse, error) {
	body := embeddingRequest{request.GetModel(), request.GetInput(), "base64", request.Dimensions}
	if texts := request.GetInputTexts(); texts != nil {
		body.Input = texts.Items
	}
	var found embeddings
	if err := b.whole(ctx, "POST", "/embeddings", body, &found); err != nil {
		return nil, err
	}
	response := found.CreateEmbeddingResponse
	for _, one := range found.Data {
		block, err := base64.StdEncoding.DecodeString(one.Vector)
		if err != nil {
			return nil, status.Error(codes.Internal, err.Error())
		}
		one.Embedding.Embedding = make([]float32, len(block)/4)
		for index := range one.Embedding.Embedding {
			one.Embedding.Embedding[index] = math.Float32frombits(binary.LittleEndian.Uint32(block[4*index:]))
		}
		response.Data = append(response.Data, one.Embedding)
	}
	return response, nil
}

// Serves on a free port of 127.0.0.1 before the gateway that the first argument names, and prints its address.
func main() {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost, transport.DisableCompression, transport.Proxy = 2048, true, nil
	bridge := &bridge{
		base: strings.TrimRight(os.Args[1], "/"), key: os.Getenv("OPENAI_API_KEY"), client: http.Client{Transport: transport},
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	server := grpc.NewServer()
	pb.RegisterModelsServiceServer(server, bridge)
	pb.RegisterChatServiceServer(server, bridge)
	pb.RegisterEmbeddingsServiceServer(server, bridge)
	fmt.Println(listener.Addr())
	log.Fatal(server.Serve(listener))
}
