package dev.aibridge.example;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static java.util.stream.Collectors.joining;

import com.google.gson.Gson;
import com.google.gson.reflect.TypeToken;
import dev.aibridge.v1.ChatCompletionMessage;
import dev.aibridge.v1.ChatServiceGrpc;
import dev.aibridge.v1.ChatServiceGrpc.ChatServiceBlockingStub;
import dev.aibridge.v1.ChunkChoice;
import dev.aibridge.v1.CreateChatCompletionRequest;
import dev.aibridge.v1.CreateChatCompletionResponse;
import dev.aibridge.v1.CreateChatCompletionStreamResponse;
import dev.aibridge.v1.CreateEmbeddingRequest;
import dev.aibridge.v1.Embedding;
import dev.aibridge.v1.EmbeddingsServiceGrpc;
import dev.aibridge.v1.EmbeddingsServiceGrpc.EmbeddingsServiceBlockingStub;
import dev.aibridge.v1.FunctionDefinition;
import dev.aibridge.v1.InputTexts;
import dev.aibridge.v1.ListModelsRequest;
import dev.aibridge.v1.Model;
import dev.aibridge.v1.ModelsServiceGrpc;
import dev.aibridge.v1.ModelsServiceGrpc.ModelsServiceBlockingStub;
import dev.aibridge.v1.Reason;
import dev.aibridge.v1.RetrieveModelRequest;
import dev.aibridge.v1.StreamOptions;
import dev.aibridge.v1.Tool;
import dev.aibridge.v1.ToolCall;
import dev.aibridge.v1.ToolCallDelta;
import dev.aibridge.v1.Usage;
import io.grpc.ClientInterceptor;
import io.grpc.Context;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.MetadataUtils;
import java.io.IOException;
import java.io.InputStream;
import java.util.Iterator;
import java.util.Map;
import java.util.TreeMap;

/** The steps of ../README.md, with blocking stubs. */
public final class Example {
    private static final int MESSAGE_SIZE = 64 << 20;
    private static final int TIMEOUT = 10; // seconds

    private static final Tool WEATHER = Tool.newBuilder()
            .setType("function")
            .setFunction(FunctionDefinition.newBuilder()
                    .setName("get_weather")
                    .setDescription("The weather in a city, now.")
                    .setParametersJson(
                            """
                            {"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}"""))
            .build();

    private final ModelsServiceBlockingStub models;
    private final ChatServiceBlockingStub chat;
    private final EmbeddingsServiceBlockingStub embeddings;

    private Example(ManagedChannel channel, String token) {
        Metadata credentials = new Metadata();
        if (!token.isEmpty()) {
            credentials.put(key("authorization"), "Bearer " + token);
        }
        ClientInterceptor attach = MetadataUtils.newAttachHeadersInterceptor(credentials);
        models = ModelsServiceGrpc.newBlockingStub(channel).withInterceptors(attach);
        chat = ChatServiceGrpc.newBlockingStub(channel).withInterceptors(attach);
        embeddings = EmbeddingsServiceGrpc.newBlockingStub(channel).withInterceptors(attach);
    }

    public static void main(String[] args) throws IOException, InterruptedException {
        Map<String, String> environment = System.getenv();
        ManagedChannel channel = connect(environment.getOrDefault("AIBRIDGE_TARGET", "127.0.0.1:50051"));
        try {
            Example example = new Example(channel, environment.getOrDefault("AIBRIDGE_TOKEN", ""));
            example.models();
            example.chat();
            example.stream();
            example.tools();
            example.embed();
            example.retry();
            example.cancel();
            example.deadline();
            example.invalid();
            example.rateLimit();
            example.cut();
            example.missing();
        } finally {
            channel.shutdown().awaitTermination(5, SECONDS);
        }
    }

    /** A channel with retries as the bridge advises, keepalive during calls, and room for a batch of embeddings. */
    private static ManagedChannel connect(String target) throws IOException {
        String serviceConfig;
        try (InputStream file = Example.class.getResourceAsStream("/service_config.json")) {
            serviceConfig = new String(file.readAllBytes(), UTF_8);
        }
        return Grpc.newChannelBuilder(target, InsecureChannelCredentials.create())
                .defaultServiceConfig(new Gson().fromJson(serviceConfig, new TypeToken<Map<String, ?>>() {}))
                .keepAliveTime(60, SECONDS)
                .keepAliveTimeout(20, SECONDS)
                .keepAliveWithoutCalls(false)
                .maxInboundMessageSize(MESSAGE_SIZE) // there is no limit on the way out
                .build();
    }

    private void models() {
        var response = models.withDeadlineAfter(TIMEOUT, SECONDS).listModels(ListModelsRequest.getDefaultInstance());
        print("models", response.getDataList().stream().map(Model::getId).collect(joining(" ")));
    }

    private void chat() {
        var request = asking("example/chat", "What is the weather in Paris?").addTools(WEATHER);
        var response = chat.withDeadlineAfter(TIMEOUT, SECONDS).createChatCompletion(request.build());
        ChatCompletionMessage message = response.getChoices(0).getMessage();
        ToolCall call = message.getToolCalls(0);
        print("chat", "call", call.getFunction().getName(), call.getFunction().getArguments());

        request.addMessages(message);
        request.addMessages(ChatCompletionMessage.newBuilder()
                .setRole("tool")
                .setToolCallId(call.getId())
                .setContent("{\"degrees\":21}"));
        response = chat.withDeadlineAfter(TIMEOUT, SECONDS).createChatCompletion(request.build());
        print("chat", response.getChoices(0).getMessage().getContent());
        print("chat", ending(response.getChoices(0).getFinishReason(), response.getUsage()));
    }

    private void stream() {
        var request = asking("example/stream", "Hello!")
                .setStreamOptions(StreamOptions.newBuilder().setIncludeUsage(true))
                .build();
        var text = new StringBuilder();
        String finishReason = "";
        Usage usage = Usage.getDefaultInstance();
        var chunks = chat.withDeadlineAfter(TIMEOUT, SECONDS).createChatCompletionStream(request);
        while (chunks.hasNext()) {
            CreateChatCompletionStreamResponse chunk = chunks.next();
            for (ChunkChoice choice : chunk.getChoicesList()) {
                text.append(choice.getDelta().getContent());
                finishReason = choice.hasFinishReason() ? choice.getFinishReason() : finishReason;
            }
            usage = chunk.hasUsage() ? chunk.getUsage() : usage;
        }
        print("stream", text.toString());
        print("stream", ending(finishReason, usage));
    }

    private void tools() {
        var request = asking("example/tools", "What is the weather in Paris, and how late is it there?")
                .addTools(WEATHER)
                .build();
        var calls = new TreeMap<Integer, ToolCall.Builder>();
        String finishReason = "";
        var chunks = chat.withDeadlineAfter(TIMEOUT, SECONDS).createChatCompletionStream(request);
        while (chunks.hasNext()) {
            for (ChunkChoice choice : chunks.next().getChoicesList()) {
                addToolCalls(calls, choice.getDelta().getToolCallsList());
                finishReason = choice.hasFinishReason() ? choice.getFinishReason() : finishReason;
            }
        }
        for (ToolCall.Builder call : calls.values()) {
            print("tools", call.getId(), call.getFunction().getName(), call.getFunction().getArguments());
        }
        print("tools", "finish_reason", finishReason);
    }

    /** Adds deltas to tool calls: each delta names its call by index, and the arguments come in pieces. */
    private static void addToolCalls(Map<Integer, ToolCall.Builder> calls, Iterable<ToolCallDelta> deltas) {
        for (ToolCallDelta delta : deltas) {
            ToolCall.Builder call = calls.computeIfAbsent(delta.getIndex(), index -> ToolCall.newBuilder());
            if (delta.hasId()) {
                call.setId(delta.getId());
            }
            var function = call.getFunctionBuilder();
            if (delta.getFunction().hasName()) {
                function.setName(delta.getFunction().getName());
            }
            function.setArguments(function.getArguments() + delta.getFunction().getArguments());
        }
    }

    private void embed() {
        var request = CreateEmbeddingRequest.newBuilder()
                .setModel("example/embed")
                .setInputTexts(InputTexts.newBuilder().addItems("a lighthouse").addItems("a rowing boat"))
                .build();
        var response = embeddings.withDeadlineAfter(TIMEOUT, SECONDS).createEmbedding(request);
        for (Embedding embedding : response.getDataList()) {
            print("embed", embedding.getEmbeddingList().stream().map(String::valueOf).collect(joining(" ")));
        }
    }

    private void retry() {
        var request = RetrieveModelRequest.newBuilder().setModel("example/flaky").build();
        print("retry", models.withDeadlineAfter(TIMEOUT, SECONDS).retrieveModel(request).getId());
    }

    private void cancel() {
        var request = asking("example/endless", "Hello!").build();
        Context.CancellableContext context = Context.current().withCancellation();
        int count = 0;
        Context previous = context.attach();
        try {
            Iterator<CreateChatCompletionStreamResponse> chunks =
                    chat.withDeadlineAfter(TIMEOUT, SECONDS).createChatCompletionStream(request);
            while (chunks.hasNext()) {
                chunks.next();
                if (count < 3 && ++count == 3) { // chunks that have arrived may still be read
                    context.cancel(null);
                }
            }
        } catch (StatusRuntimeException exception) {
            print("cancel", Failure.of(exception).code(), "after", count, "chunks");
        } finally {
            context.detach(previous);
            context.close();
        }
    }

    private void deadline() {
        try {
            chat.withDeadlineAfter(500, MILLISECONDS)
                    .createChatCompletion(asking("example/slow", "Hello!").build());
        } catch (StatusRuntimeException exception) {
            print("deadline", Failure.of(exception).code());
        }
    }

    private void invalid() {
        var request = asking("example/chat", "Hello!")
                .addMessages(ChatCompletionMessage.newBuilder().setRole("user"))
                .build();
        try {
            chat.withDeadlineAfter(TIMEOUT, SECONDS).createChatCompletion(request);
        } catch (StatusRuntimeException exception) {
            Failure failure = Failure.of(exception);
            print("invalid", failure.code(), failure.reason());
            failure.violations()
                    .forEach(violation -> print("invalid", violation.getField(), violation.getDescription()));
        }
    }

    private void rateLimit() {
        var metadata = new Metadata();
        metadata.put(key("x-request-id"), "example-rate-limit");
        try {
            chat.withInterceptors(MetadataUtils.newAttachHeadersInterceptor(metadata))
                    .withDeadlineAfter(TIMEOUT, SECONDS)
                    .createChatCompletion(asking("example/rate-limited", "Hello!").build());
        } catch (StatusRuntimeException exception) {
            Failure failure = Failure.of(exception);
            print("rate-limit", failure.code(), failure.reason());
            if (failure.reason().equals(Reason.RATE_LIMIT_EXCEEDED.name())) {
                failure.retryDelay().ifPresent(delay -> print("rate-limit", "retry after", delay.toMillis(), "ms"));
            }
            failure.upstream().ifPresent(error ->
                    print("rate-limit", "upstream HTTP", error.getHttpStatus(), error.getCode()));
            print("rate-limit", "request id", failure.requestId());
        }
    }

    private void cut() {
        var text = new StringBuilder();
        int count = 0;
        try {
            var chunks = chat.withDeadlineAfter(TIMEOUT, SECONDS)
                    .createChatCompletionStream(asking("example/cut", "Hello!").build());
            while (chunks.hasNext()) {
                chunks.next().getChoicesList().forEach(choice -> text.append(choice.getDelta().getContent()));
                count++;
            }
        } catch (StatusRuntimeException exception) {
            Failure failure = Failure.of(exception);
            print("cut", text, "after", count, "chunks");
            print("cut", failure.code(), failure.reason());
        }
    }

    private void missing() {
        var request = RetrieveModelRequest.newBuilder().setModel("example/missing").build();
        try {
            models.withDeadlineAfter(TIMEOUT, SECONDS).retrieveModel(request);
        } catch (StatusRuntimeException exception) {
            Failure failure = Failure.of(exception);
            print("missing", failure.code(), failure.reason());
            failure.resource().ifPresent(resource ->
                    print("missing", resource.getResourceType(), resource.getResourceName()));
        }
    }

    /** A request with one user message. */
    private static CreateChatCompletionRequest.Builder asking(String model, String text) {
        return CreateChatCompletionRequest.newBuilder()
                .setModel(model)
                .addMessages(ChatCompletionMessage.newBuilder().setRole("user").setContent(text));
    }

    /** The finish reason and the usage. */
    private static String ending(String finishReason, Usage usage) {
        return "finish_reason %s, %d + %d = %d tokens".formatted(
                finishReason, usage.getPromptTokens(), usage.getCompletionTokens(), usage.getTotalTokens());
    }

    private static Metadata.Key<String> key(String name) {
        return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
    }

    private static void print(String step, Object... words) {
        var line = new StringBuilder(step).append(':');
        for (Object word : words) {
            line.append(' ').append(word);
        }
        System.out.println(line);
    }
}
