package dev.aibridge.example

import com.google.gson.Gson
import com.google.gson.reflect.TypeToken
import dev.aibridge.v1.ChatCompletionMessage
import dev.aibridge.v1.ChatServiceGrpcKt.ChatServiceCoroutineStub
import dev.aibridge.v1.CreateChatCompletionRequest
import dev.aibridge.v1.CreateEmbeddingRequest
import dev.aibridge.v1.EmbeddingsServiceGrpcKt.EmbeddingsServiceCoroutineStub
import dev.aibridge.v1.ListModelsRequest
import dev.aibridge.v1.ModelsServiceGrpcKt.ModelsServiceCoroutineStub
import dev.aibridge.v1.Reason
import dev.aibridge.v1.RetrieveModelRequest
import dev.aibridge.v1.Tool
import dev.aibridge.v1.ToolCall
import dev.aibridge.v1.ToolCallDelta
import dev.aibridge.v1.Usage
import io.grpc.ClientInterceptor
import io.grpc.Grpc
import io.grpc.InsecureChannelCredentials
import io.grpc.ManagedChannel
import io.grpc.Metadata
import io.grpc.Status
import io.grpc.StatusException
import io.grpc.stub.AbstractStub
import io.grpc.stub.MetadataUtils
import java.util.TreeMap
import java.util.concurrent.TimeUnit
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.flow.count
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.runBlocking

private const val MESSAGE_SIZE = 64 shl 20
private val TIMEOUT = 10.seconds

private val WEATHER: Tool = Tool.newBuilder().apply {
    type = "function"
    functionBuilder.apply {
        name = "get_weather"
        description = "The weather in a city, now."
        parametersJson = """{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}"""
    }
}.build()

/** A channel with retries as the bridge advises, keepalive during calls, and room for a batch of embeddings. */
private fun connect(target: String): ManagedChannel {
    val json = checkNotNull(object {}.javaClass.getResource("/service_config.json")).readText()
    val serviceConfig: Map<String, *> = Gson().fromJson(json, object : TypeToken<Map<String, *>>() {})
    return Grpc.newChannelBuilder(target, InsecureChannelCredentials.create())
        .defaultServiceConfig(serviceConfig)
        .keepAliveTime(60, TimeUnit.SECONDS)
        .keepAliveTimeout(20, TimeUnit.SECONDS)
        .keepAliveWithoutCalls(false)
        .maxInboundMessageSize(MESSAGE_SIZE) // there is no limit on the way out
        .build()
}

/** The steps of ../README.md. */
private class Example(channel: ManagedChannel, token: String) {
    private val models = ModelsServiceCoroutineStub(channel).withInterceptors(attach(token))
    private val chat = ChatServiceCoroutineStub(channel).withInterceptors(attach(token))
    private val embeddings = EmbeddingsServiceCoroutineStub(channel).withInterceptors(attach(token))

    suspend fun models() {
        val response = models.within(TIMEOUT).listModels(ListModelsRequest.getDefaultInstance())
        println("models: " + response.dataList.joinToString(" ") { it.id })
    }

    suspend fun chat() {
        val request = asking("example/chat", "What is the weather in Paris?").addTools(WEATHER)
        val message = chat.within(TIMEOUT).createChatCompletion(request.build()).getChoices(0).message
        val call = message.getToolCalls(0)
        println("chat: call ${call.function.name} ${call.function.arguments}")

        request.addMessages(message)
        request.addMessagesBuilder().apply {
            role = "tool"
            toolCallId = call.id
            content = """{"degrees":21}"""
        }
        val response = chat.within(TIMEOUT).createChatCompletion(request.build())
        println("chat: " + response.getChoices(0).message.content)
        println("chat: " + ending(response.getChoices(0).finishReason, response.usage))
    }

    suspend fun stream() {
        val request = asking("example/stream").apply { streamOptionsBuilder.includeUsage = true }
        val text = StringBuilder()
        var finishReason = ""
        var usage = Usage.getDefaultInstance()
        chat.within(TIMEOUT).createChatCompletionStream(request.build()).collect { chunk ->
            for (choice in chunk.choicesList) {
                text.append(choice.delta.content)
                if (choice.hasFinishReason()) finishReason = choice.finishReason
            }
            if (chunk.hasUsage()) usage = chunk.usage
        }
        println("stream: $text")
        println("stream: " + ending(finishReason, usage))
    }

    suspend fun tools() {
        val request = asking("example/tools", "What is the weather in Paris, and how late is it there?").addTools(WEATHER)
        val calls = TreeMap<Int, ToolCall.Builder>()
        var finishReason = ""
        chat.within(TIMEOUT).createChatCompletionStream(request.build()).collect { chunk ->
            for (choice in chunk.choicesList) {
                calls.add(choice.delta.toolCallsList)
                if (choice.hasFinishReason()) finishReason = choice.finishReason
            }
        }
        for (call in calls.values) println("tools: ${call.id} ${call.function.name} ${call.function.arguments}")
        println("tools: finish_reason $finishReason")
    }

    suspend fun embed() {
        val request = CreateEmbeddingRequest.newBuilder().apply {
            model = "example/embed"
            inputTextsBuilder.addItems("a lighthouse").addItems("a rowing boat")
        }
        for (vector in embeddings.within(TIMEOUT).createEmbedding(request.build()).dataList) {
            println("embed: " + vector.embeddingList.joinToString(" "))
        }
    }

    suspend fun retry() {
        val request = RetrieveModelRequest.newBuilder().setModel("example/flaky").build()
        println("retry: " + models.within(TIMEOUT).retrieveModel(request).id)
    }

    /** Ending the collection of a flow cancels the call, without a status code. */
    suspend fun cancel() {
        val chunks = chat.within(TIMEOUT).createChatCompletionStream(asking("example/endless").build())
        val count = chunks.take(3).count()
        println("cancel: ${Status.Code.CANCELLED} after $count chunks")
    }

    suspend fun deadline() {
        try {
            chat.within(500.milliseconds).createChatCompletion(asking("example/slow").build())
        } catch (exception: StatusException) {
            println("deadline: ${exception.failure().code}")
        }
    }

    suspend fun invalid() {
        val request = asking("example/chat").apply { addMessagesBuilder().role = "user" }
        try {
            chat.within(TIMEOUT).createChatCompletion(request.build())
        } catch (exception: StatusException) {
            val failure = exception.failure()
            println("invalid: ${failure.code} ${failure.reason}")
            failure.violations.forEach { println("invalid: ${it.field} ${it.description}") }
        }
    }

    suspend fun rateLimit() {
        val headers = Metadata().apply { put(key("x-request-id"), "example-rate-limit") }
        try {
            chat.within(TIMEOUT).createChatCompletion(asking("example/rate-limited").build(), headers)
        } catch (exception: StatusException) {
            val failure = exception.failure()
            println("rate-limit: ${failure.code} ${failure.reason}")
            if (failure.reason == Reason.RATE_LIMIT_EXCEEDED.name) {
                failure.retryDelay?.let { println("rate-limit: retry after ${it.inWholeMilliseconds} ms") }
            }
            failure.upstream?.let { println("rate-limit: upstream HTTP ${it.httpStatus} ${it.code}") }
            println("rate-limit: request id ${failure.requestId}")
        }
    }

    suspend fun cut() {
        val text = StringBuilder()
        var count = 0
        try {
            chat.within(TIMEOUT).createChatCompletionStream(asking("example/cut").build()).collect { chunk ->
                count++
                chunk.choicesList.forEach { text.append(it.delta.content) }
            }
        } catch (exception: StatusException) {
            val failure = exception.failure()
            println("cut: $text after $count chunks")
            println("cut: ${failure.code} ${failure.reason}")
        }
    }

    suspend fun missing() {
        val request = RetrieveModelRequest.newBuilder().setModel("example/missing").build()
        try {
            models.within(TIMEOUT).retrieveModel(request)
        } catch (exception: StatusException) {
            val failure = exception.failure()
            println("missing: ${failure.code} ${failure.reason}")
            failure.resource?.let { println("missing: ${it.resourceType} ${it.resourceName}") }
        }
    }
}

private fun <S : AbstractStub<S>> S.within(timeout: Duration): S =
    withDeadlineAfter(timeout.inWholeMilliseconds, TimeUnit.MILLISECONDS)

/** Adds the caller's token to each call, if there is one. */
private fun attach(token: String): ClientInterceptor {
    val credentials = Metadata()
    if (token.isNotEmpty()) credentials.put(key("authorization"), "Bearer $token")
    return MetadataUtils.newAttachHeadersInterceptor(credentials)
}

private fun key(name: String) = Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER)

/** A request with one user message. */
private fun asking(model: String, text: String = "Hello!"): CreateChatCompletionRequest.Builder =
    CreateChatCompletionRequest.newBuilder()
        .setModel(model)
        .addMessages(ChatCompletionMessage.newBuilder().setRole("user").setContent(text))

/** Adds deltas to tool calls: each delta names its call by index, and the arguments come in pieces. */
private fun MutableMap<Int, ToolCall.Builder>.add(deltas: List<ToolCallDelta>) {
    for (delta in deltas) {
        val call = getOrPut(delta.index) { ToolCall.newBuilder() }
        if (delta.hasId()) call.id = delta.id
        val function = call.functionBuilder
        if (delta.function.hasName()) function.name = delta.function.name
        function.arguments += delta.function.arguments
    }
}

/** The finish reason and the usage. */
private fun ending(finishReason: String, usage: Usage): String =
    "finish_reason $finishReason, " +
        "${usage.promptTokens} + ${usage.completionTokens} = ${usage.totalTokens} tokens"

fun main() = runBlocking {
    val channel = connect(System.getenv("AIBRIDGE_TARGET") ?: "127.0.0.1:50051")
    try {
        val example = Example(channel, System.getenv("AIBRIDGE_TOKEN").orEmpty())
        example.models()
        example.chat()
        example.stream()
        example.tools()
        example.embed()
        example.retry()
        example.cancel()
        example.deadline()
        example.invalid()
        example.rateLimit()
        example.cut()
        example.missing()
    } finally {
        channel.shutdown()
    }
}
