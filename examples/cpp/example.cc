// The steps of ../README.md, with synchronous stubs.

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>

#include "aibridge/v1/chat.grpc.pb.h"
#include "aibridge/v1/embeddings.grpc.pb.h"
#include "aibridge/v1/errors.pb.h"
#include "aibridge/v1/models.grpc.pb.h"
#include "failure.h"
#include "google/rpc/code.pb.h"

namespace api = aibridge::v1;
using namespace std::chrono_literals;

namespace {

constexpr int kMessageSize = 64 << 20;
constexpr std::chrono::milliseconds kTimeout = 10s;

// As google.rpc.Code spells it: DEADLINE_EXCEEDED.
std::string Spelled(grpc::StatusCode code) { return google::rpc::Code_Name(static_cast<google::rpc::Code>(code)); }

// A channel with retries as the bridge advises, keepalive during calls, and room for a batch of embeddings.
std::shared_ptr<grpc::Channel> Connect(const std::string& target) {
  std::ifstream file(SERVICE_CONFIG);  // set by CMake
  if (!file) throw std::runtime_error("cannot read " SERVICE_CONFIG);
  const std::string service_config{std::istreambuf_iterator<char>(file), {}};
  grpc::ChannelArguments arguments;
  arguments.SetServiceConfigJSON(service_config);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 60'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 0);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetMaxReceiveMessageSize(kMessageSize);
  arguments.SetMaxSendMessageSize(kMessageSize);
  return grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments);
}

// A request with one user message.
api::CreateChatCompletionRequest Asking(const std::string& model, const std::string& text = "Hello!") {
  api::CreateChatCompletionRequest request;
  request.set_model(model);
  auto* message = request.add_messages();
  message->set_role("user");
  message->set_content(text);
  return request;
}

api::Tool Weather() {
  api::Tool tool;
  tool.set_type("function");
  auto* function = tool.mutable_function();
  function->set_name("get_weather");
  function->set_description("The weather in a city, now.");
  function->set_parameters_json(
      R"({"type":"object","properties":{"city":{"type":"string"}},"required":["city"]})");
  return tool;
}

// Adds deltas to tool calls: each delta names its call by index, and the arguments come in pieces.
void AddToolCalls(std::map<int, api::ToolCall>& calls, const api::ChatCompletionDelta& delta) {
  for (const api::ToolCallDelta& more : delta.tool_calls()) {
    api::ToolCall& call = calls[more.index()];
    if (more.has_id()) call.set_id(more.id());
    if (more.function().has_name()) call.mutable_function()->set_name(more.function().name());
    call.mutable_function()->mutable_arguments()->append(more.function().arguments());
  }
}

// Prints the finish reason and the usage.
void PrintEnding(const std::string& step, const std::string& finish_reason, const api::Usage& usage) {
  std::cout << step << ": finish_reason " << finish_reason << ", " << usage.prompt_tokens() << " + "
            << usage.completion_tokens() << " = " << usage.total_tokens() << " tokens\n";
}

void PrintCode(const std::string& step, const Failure& failure) {
  std::cout << step << ": " << Spelled(failure.code) << ' ' << failure.reason << '\n';
}

// For calls that are expected to go well.
void Check(const grpc::Status& status) {
  if (status.ok()) return;
  const Failure failure(status);
  throw std::runtime_error(Spelled(failure.code) + ' ' + failure.reason + ": " + status.error_message());
}

class Example {
 public:
  Example(const std::shared_ptr<grpc::Channel>& channel, std::string token)
      : models_(api::ModelsService::NewStub(channel)),
        chat_(api::ChatService::NewStub(channel)),
        embeddings_(api::EmbeddingsService::NewStub(channel)),
        token_(std::move(token)) {}

  void Models() {
    const auto context = Context();
    api::ListModelsResponse response;
    Check(models_->ListModels(context.get(), {}, &response));
    std::cout << "models:";
    for (const api::Model& model : response.data()) std::cout << ' ' << model.id();
    std::cout << '\n';
  }

  void Chat() {
    auto request = Asking("example/chat", "What is the weather in Paris?");
    *request.add_tools() = Weather();
    auto context = Context();
    api::CreateChatCompletionResponse response;
    Check(chat_->CreateChatCompletion(context.get(), request, &response));
    const api::ChatCompletionMessage message = response.choices(0).message();
    const api::ToolCall& call = message.tool_calls(0);
    std::cout << "chat: call " << call.function().name() << ' ' << call.function().arguments() << '\n';

    *request.add_messages() = message;
    auto* result = request.add_messages();
    result->set_role("tool");
    result->set_tool_call_id(call.id());
    result->set_content(R"({"degrees":21})");
    context = Context();
    Check(chat_->CreateChatCompletion(context.get(), request, &response));
    std::cout << "chat: " << response.choices(0).message().content() << '\n';
    PrintEnding("chat", response.choices(0).finish_reason(), response.usage());
  }

  void Stream() {
    auto request = Asking("example/stream");
    request.mutable_stream_options()->set_include_usage(true);
    const auto context = Context();
    std::string text, finish_reason;
    api::Usage usage;
    api::CreateChatCompletionStreamResponse chunk;
    const auto reader = chat_->CreateChatCompletionStream(context.get(), request);
    while (reader->Read(&chunk)) {
      for (const api::ChunkChoice& choice : chunk.choices()) {
        text += choice.delta().content();
        if (choice.has_finish_reason()) finish_reason = choice.finish_reason();
      }
      if (chunk.has_usage()) usage = chunk.usage();
    }
    Check(reader->Finish());
    std::cout << "stream: " << text << '\n';
    PrintEnding("stream", finish_reason, usage);
  }

  void Tools() {
    auto request = Asking("example/tools", "What is the weather in Paris, and how late is it there?");
    *request.add_tools() = Weather();
    const auto context = Context();
    std::map<int, api::ToolCall> calls;
    std::string finish_reason;
    api::CreateChatCompletionStreamResponse chunk;
    const auto reader = chat_->CreateChatCompletionStream(context.get(), request);
    while (reader->Read(&chunk)) {
      for (const api::ChunkChoice& choice : chunk.choices()) {
        AddToolCalls(calls, choice.delta());
        if (choice.has_finish_reason()) finish_reason = choice.finish_reason();
      }
    }
    Check(reader->Finish());
    for (const auto& [index, call] : calls) {
      std::cout << "tools: " << call.id() << ' ' << call.function().name() << ' ' << call.function().arguments()
                << '\n';
    }
    std::cout << "tools: finish_reason " << finish_reason << '\n';
  }

  void Embed() {
    api::CreateEmbeddingRequest request;
    request.set_model("example/embed");
    request.mutable_input_texts()->add_items("a lighthouse");
    request.mutable_input_texts()->add_items("a rowing boat");
    const auto context = Context();
    api::CreateEmbeddingResponse response;
    Check(embeddings_->CreateEmbedding(context.get(), request, &response));
    for (const api::Embedding& embedding : response.data()) {
      std::cout << "embed:";
      for (const float number : embedding.embedding()) std::cout << ' ' << number;
      std::cout << '\n';
    }
  }

  void Retry() {
    api::RetrieveModelRequest request;
    request.set_model("example/flaky");
    const auto context = Context();
    api::Model response;
    Check(models_->RetrieveModel(context.get(), request, &response));
    std::cout << "retry: " << response.id() << '\n';
  }

  void Cancel() {
    const auto context = Context();
    const auto reader = chat_->CreateChatCompletionStream(context.get(), Asking("example/endless"));
    api::CreateChatCompletionStreamResponse chunk;
    int count = 0;
    while (reader->Read(&chunk)) {
      if (count < 3 && ++count == 3) context->TryCancel();  // chunks that have arrived may still be read
    }
    std::cout << "cancel: " << Spelled(reader->Finish().error_code()) << " after " << count << " chunks\n";
  }

  void Deadline() {
    const auto context = Context(500ms);
    api::CreateChatCompletionResponse response;
    const auto status = chat_->CreateChatCompletion(context.get(), Asking("example/slow"), &response);
    std::cout << "deadline: " << Spelled(status.error_code()) << '\n';
  }

  void Invalid() {
    auto request = Asking("example/chat");
    request.add_messages()->set_role("user");
    const auto context = Context();
    api::CreateChatCompletionResponse response;
    const Failure failure(chat_->CreateChatCompletion(context.get(), request, &response));
    PrintCode("invalid", failure);
    for (const auto& violation : failure.violations) {
      std::cout << "invalid: " << violation.field() << ' ' << violation.description() << '\n';
    }
  }

  void RateLimit() {
    const auto context = Context();
    context->AddMetadata("x-request-id", "example-rate-limit");
    api::CreateChatCompletionResponse response;
    const Failure failure(chat_->CreateChatCompletion(context.get(), Asking("example/rate-limited"), &response));
    PrintCode("rate-limit", failure);
    if (failure.reason == api::Reason_Name(api::RATE_LIMIT_EXCEEDED) && failure.retry_delay) {
      std::cout << "rate-limit: retry after " << failure.retry_delay->count() << " ms\n";
    }
    if (failure.upstream) {
      std::cout << "rate-limit: upstream HTTP " << failure.upstream->http_status() << ' ' << failure.upstream->code()
                << '\n';
    }
    std::cout << "rate-limit: request id " << failure.request_id << '\n';
  }

  void Cut() {
    const auto context = Context();
    const auto reader = chat_->CreateChatCompletionStream(context.get(), Asking("example/cut"));
    api::CreateChatCompletionStreamResponse chunk;
    std::string text;
    int count = 0;
    while (reader->Read(&chunk)) {
      ++count;
      for (const api::ChunkChoice& choice : chunk.choices()) text += choice.delta().content();
    }
    std::cout << "cut: " << text << " after " << count << " chunks\n";
    PrintCode("cut", Failure(reader->Finish()));
  }

  void Missing() {
    api::RetrieveModelRequest request;
    request.set_model("example/missing");
    const auto context = Context();
    api::Model response;
    const Failure failure(models_->RetrieveModel(context.get(), request, &response));
    PrintCode("missing", failure);
    if (failure.resource) {
      std::cout << "missing: " << failure.resource->resource_type() << ' ' << failure.resource->resource_name()
                << '\n';
    }
  }

 private:
  // For one call: the caller's token, and a deadline.
  std::unique_ptr<grpc::ClientContext> Context(std::chrono::milliseconds timeout = kTimeout) const {
    auto context = std::make_unique<grpc::ClientContext>();
    context->set_deadline(std::chrono::system_clock::now() + timeout);
    if (!token_.empty()) context->AddMetadata("authorization", "Bearer " + token_);
    return context;
  }

  const std::unique_ptr<api::ModelsService::Stub> models_;
  const std::unique_ptr<api::ChatService::Stub> chat_;
  const std::unique_ptr<api::EmbeddingsService::Stub> embeddings_;
  const std::string token_;
};

std::string Variable(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  return value ? value : otherwise;
}

}  // namespace

int main() try {
  Example example(Connect(Variable("AIBRIDGE_TARGET", "127.0.0.1:50051")), Variable("AIBRIDGE_TOKEN", ""));
  example.Models();
  example.Chat();
  example.Stream();
  example.Tools();
  example.Embed();
  example.Retry();
  example.Cancel();
  example.Deadline();
  example.Invalid();
  example.RateLimit();
  example.Cut();
  example.Missing();
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
