// A caller with the Go module; it prints what it was told.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"

	aibridge "github.com/aibridge/aibridge/generated/go/aibridge/v1"
)

func main() {
	connection, err := grpc.NewClient(os.Args[1], grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		log.Fatal(err)
	}
	chat := aibridge.NewChatServiceClient(connection)
	request := &aibridge.CreateChatCompletionRequest{
		Model: proto.String("m"),
		Messages: []*aibridge.ChatCompletionMessage{{
			Role:        proto.String("user"),
			ContentKind: &aibridge.ChatCompletionMessage_Content{Content: "hi"},
		}},
	}
	response, err := chat.CreateChatCompletion(context.Background(), request)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(response.Choices[0].Message.GetContent())
	stream, err := chat.CreateChatCompletionStream(context.Background(), request)
	if err != nil {
		log.Fatal(err)
	}
	for {
		chunk, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			log.Fatal(err)
		}
		fmt.Print(chunk.Choices[0].Delta.GetContent())
	}
	fmt.Println()
}
