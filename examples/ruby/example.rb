# frozen_string_literal: true

# The steps of ../README.md.

require "aibridge/v1/chat_services_pb"
require "aibridge/v1/embeddings_services_pb"
require "aibridge/v1/models_services_pb"
require_relative "failure"

class Example
  include Aibridge::V1

  MESSAGE_SIZE = 64 << 20
  TIMEOUT = 10 # seconds
  # Retries as the bridge advises, keepalive during calls, and room for a batch of embeddings.
  CHANNEL = {
    "grpc.service_config" => File.read(File.join(__dir__, "service_config.json")),
    "grpc.keepalive_time_ms" => 60_000,
    "grpc.keepalive_timeout_ms" => 20_000,
    "grpc.keepalive_permit_without_calls" => 0,
    "grpc.http2.max_pings_without_data" => 0,
    "grpc.max_receive_message_length" => MESSAGE_SIZE,
    "grpc.max_send_message_length" => MESSAGE_SIZE
  }.freeze
  WEATHER = Tool.new(
    type: "function",
    function: FunctionDefinition.new(
      name: "get_weather",
      description: "The weather in a city, now.",
      parameters_json: '{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}'
    )
  )

  def initialize(target, token)
    channel = GRPC::ClientStub.setup_channel(nil, target, :this_channel_is_insecure, CHANNEL.dup)
    options = { channel_override: channel, timeout: TIMEOUT } # one connection for all three
    @models = ModelsService::Stub.new(target, :this_channel_is_insecure, **options)
    @chat = ChatService::Stub.new(target, :this_channel_is_insecure, **options)
    @embeddings = EmbeddingsService::Stub.new(target, :this_channel_is_insecure, **options)
    # Not by an interceptor: gRPC drops what an interceptor adds to a call with `return_op`.
    @metadata = token.empty? ? {} : { "authorization" => "Bearer #{token}" }
  end

  def models
    response = @models.list_models(ListModelsRequest.new, metadata: @metadata)
    puts "models: #{response.data.map(&:id).join(' ')}"
  end

  def chat
    request = asking("example/chat", "What is the weather in Paris?")
    request.tools << WEATHER
    message = @chat.create_chat_completion(request, metadata: @metadata).choices.first.message
    call = message.tool_calls.first
    puts "chat: call #{call.function.name} #{call.function.arguments}"

    request.messages << message
    request.messages << ChatCompletionMessage.new(role: "tool", tool_call_id: call.id, content: '{"degrees":21}')
    response = @chat.create_chat_completion(request, metadata: @metadata)
    puts "chat: #{response.choices.first.message.content}"
    puts "chat: #{ending(response.choices.first.finish_reason, response.usage)}"
  end

  def stream
    request = asking("example/stream")
    request.stream_options = StreamOptions.new(include_usage: true)
    text = +""
    finish_reason = usage = nil
    @chat.create_chat_completion_stream(request, metadata: @metadata).each do |chunk|
      chunk.choices.each do |choice|
        text << choice.delta.content
        finish_reason = choice.finish_reason if choice.has_finish_reason?
      end
      usage = chunk.usage || usage
    end
    puts "stream: #{text}"
    puts "stream: #{ending(finish_reason, usage)}"
  end

  def tools
    request = asking("example/tools", "What is the weather in Paris, and how late is it there?")
    request.tools << WEATHER
    calls = Hash.new { |all, index| all[index] = ToolCall.new(function: FunctionCall.new) }
    finish_reason = nil
    @chat.create_chat_completion_stream(request, metadata: @metadata).each do |chunk|
      chunk.choices.each do |choice|
        choice.delta.tool_calls.each { |delta| add(calls[delta.index], delta) }
        finish_reason = choice.finish_reason if choice.has_finish_reason?
      end
    end
    calls.sort.each { |_, call| puts "tools: #{call.id} #{call.function.name} #{call.function.arguments}" }
    puts "tools: finish_reason #{finish_reason}"
  end

  def embed
    texts = InputTexts.new(items: ["a lighthouse", "a rowing boat"])
    request = CreateEmbeddingRequest.new(model: "example/embed", input_texts: texts)
    @embeddings.create_embedding(request, metadata: @metadata).data.each do |embedding|
      puts "embed: #{embedding.embedding.to_a.join(' ')}"
    end
  end

  def retry
    model = @models.retrieve_model(RetrieveModelRequest.new(model: "example/flaky"), metadata: @metadata)
    puts "retry: #{model.id}"
  end

  def cancel
    count = 0
    operation = @chat.create_chat_completion_stream(asking("example/endless"), metadata: @metadata, return_op: true)
    operation.execute.each do
      count += 1 if count < 3 # chunks that have arrived may still be read
      operation.cancel if count == 3
    end
  rescue GRPC::BadStatus => e
    puts "cancel: #{Failure.of(e).code} after #{count} chunks"
  end

  def deadline
    @chat.create_chat_completion(asking("example/slow"), metadata: @metadata, deadline: Time.now + 0.5)
  rescue GRPC::BadStatus => e
    puts "deadline: #{Failure.of(e).code}"
  end

  def invalid
    request = asking("example/chat")
    request.messages << ChatCompletionMessage.new(role: "user")
    @chat.create_chat_completion(request, metadata: @metadata)
  rescue GRPC::BadStatus => e
    failure = Failure.of(e)
    puts "invalid: #{failure.code} #{failure.reason}"
    failure.violations.each { |violation| puts "invalid: #{violation.field} #{violation.description}" }
  end

  def rate_limit
    metadata = @metadata.merge("x-request-id" => "example-rate-limit")
    @chat.create_chat_completion(asking("example/rate-limited"), metadata: metadata)
  rescue GRPC::BadStatus => e
    failure = Failure.of(e)
    puts "rate-limit: #{failure.code} #{failure.reason}"
    if failure.reason == Reason.lookup(Reason::RATE_LIMIT_EXCEEDED).to_s
      puts "rate-limit: retry after #{(failure.retry_delay * 1000).round} ms"
    end
    if failure.upstream
      puts "rate-limit: upstream HTTP #{failure.upstream.http_status} #{failure.upstream.code}"
    end
    puts "rate-limit: request id #{failure.request_id}"
  end

  def cut
    text = +""
    count = 0
    @chat.create_chat_completion_stream(asking("example/cut"), metadata: @metadata).each do |chunk|
      count += 1
      chunk.choices.each { |choice| text << choice.delta.content }
    end
  rescue GRPC::BadStatus => e
    failure = Failure.of(e)
    puts "cut: #{text} after #{count} chunks"
    puts "cut: #{failure.code} #{failure.reason}"
  end

  def missing
    @models.retrieve_model(RetrieveModelRequest.new(model: "example/missing"), metadata: @metadata)
  rescue GRPC::BadStatus => e
    failure = Failure.of(e)
    puts "missing: #{failure.code} #{failure.reason}"
    puts "missing: #{failure.resource.resource_type} #{failure.resource.resource_name}" if failure.resource
  end

  private

  # A request with one user message.
  def asking(model, text = "Hello!")
    message = ChatCompletionMessage.new(role: "user", content: text)
    CreateChatCompletionRequest.new(model: model, messages: [message])
  end

  # Adds deltas to a tool call, whose arguments come in pieces.
  def add(call, delta)
    call.id = delta.id if delta.has_id?
    return unless delta.function

    call.function.name = delta.function.name if delta.function.has_name?
    call.function.arguments += delta.function.arguments
  end

  # The finish reason and the usage.
  def ending(finish_reason, usage)
    counts = "#{usage.prompt_tokens} + #{usage.completion_tokens} = #{usage.total_tokens}"
    "finish_reason #{finish_reason}, #{counts} tokens"
  end
end

example = Example.new(ENV.fetch("AIBRIDGE_TARGET", "127.0.0.1:50051"), ENV.fetch("AIBRIDGE_TOKEN", ""))
example.models
example.chat
example.stream
example.tools
example.embed
example.retry
example.cancel
example.deadline
example.invalid
example.rate_limit
example.cut
example.missing
