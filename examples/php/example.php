<?php

// The steps of ../README.md.

use Aibridge\V1\ChatCompletionMessage;
use Aibridge\V1\ChatServiceClient;
use Aibridge\V1\CreateChatCompletionRequest;
use Aibridge\V1\CreateEmbeddingRequest;
use Aibridge\V1\EmbeddingsServiceClient;
use Aibridge\V1\FunctionCall;
use Aibridge\V1\FunctionDefinition;
use Aibridge\V1\InputTexts;
use Aibridge\V1\ListModelsRequest;
use Aibridge\V1\ModelsServiceClient;
use Aibridge\V1\Reason;
use Aibridge\V1\RetrieveModelRequest;
use Aibridge\V1\StreamOptions;
use Aibridge\V1\Tool;
use Aibridge\V1\ToolCall;
use Aibridge\V1\ToolCallDelta;
use Aibridge\V1\Usage;

require __DIR__ . '/autoload.php';
require __DIR__ . '/Failure.php';

final class Example
{
    private const MESSAGE_SIZE = 64 << 20;
    private const TIMEOUT = ['timeout' => 10_000_000]; // microseconds

    private readonly ModelsServiceClient $models;
    private readonly ChatServiceClient $chat;
    private readonly EmbeddingsServiceClient $embeddings;

    public function __construct(string $target, string $token)
    {
        // Retries as the bridge advises, keepalive during calls, and room for a batch of embeddings.
        $channel = new Grpc\Channel($target, [
            'credentials' => Grpc\ChannelCredentials::createInsecure(),
            'grpc.service_config' => file_get_contents(__DIR__ . '/service_config.json'),
            'grpc.keepalive_time_ms' => 60_000,
            'grpc.keepalive_timeout_ms' => 20_000,
            'grpc.keepalive_permit_without_calls' => 0,
            'grpc.http2.max_pings_without_data' => 0,
            'grpc.max_receive_message_length' => self::MESSAGE_SIZE,
            'grpc.max_send_message_length' => self::MESSAGE_SIZE,
        ]);
        $credentials = $token === '' ? [] : ['authorization' => ["Bearer $token"]];
        $options = ['update_metadata' => fn (array $metadata): array => $metadata + $credentials];
        $this->models = new ModelsServiceClient($target, $options, $channel);
        $this->chat = new ChatServiceClient($target, $options, $channel);
        $this->embeddings = new EmbeddingsServiceClient($target, $options, $channel);
    }

    public function models(): void
    {
        $response = self::response($this->models->ListModels(new ListModelsRequest(), [], self::TIMEOUT));
        $ids = array_map(fn ($model) => $model->getId(), iterator_to_array($response->getData()));
        self::print('models', ...$ids);
    }

    public function chat(): void
    {
        $request = self::asking('example/chat', 'What is the weather in Paris?')->setTools([self::weather()]);
        $response = self::response($this->chat->CreateChatCompletion($request, [], self::TIMEOUT));
        $message = $response->getChoices()[0]->getMessage();
        $call = $message->getToolCalls()[0];
        self::print('chat', 'call', $call->getFunction()->getName(), $call->getFunction()->getArguments());

        $request->getMessages()[] = $message;
        $request->getMessages()[] = (new ChatCompletionMessage())
            ->setRole('tool')
            ->setToolCallId($call->getId())
            ->setContent('{"degrees":21}');
        $response = self::response($this->chat->CreateChatCompletion($request, [], self::TIMEOUT));
        $choice = $response->getChoices()[0];
        self::print('chat', $choice->getMessage()->getContent());
        self::print('chat', self::ending($choice->getFinishReason(), $response->getUsage()));
    }

    public function stream(): void
    {
        $options = (new StreamOptions())->setIncludeUsage(true);
        $request = self::asking('example/stream')->setStreamOptions($options);
        [$text, $finishReason, $usage] = ['', '', null];
        foreach (self::chunks($this->chat->CreateChatCompletionStream($request, [], self::TIMEOUT)) as $chunk) {
            foreach ($chunk->getChoices() as $choice) {
                $text .= $choice->getDelta()->getContent();
                $finishReason = $choice->getFinishReason() ?: $finishReason;
            }
            $usage = $chunk->getUsage() ?? $usage;
        }
        self::print('stream', $text);
        self::print('stream', self::ending($finishReason, $usage));
    }

    public function tools(): void
    {
        $request = self::asking('example/tools', 'What is the weather in Paris, and how late is it there?');
        $request->setTools([self::weather()]);
        [$calls, $finishReason] = [[], ''];
        foreach (self::chunks($this->chat->CreateChatCompletionStream($request, [], self::TIMEOUT)) as $chunk) {
            foreach ($chunk->getChoices() as $choice) {
                self::addToolCalls($calls, $choice->getDelta()->getToolCalls());
                $finishReason = $choice->getFinishReason() ?: $finishReason;
            }
        }
        ksort($calls);
        foreach ($calls as $call) {
            self::print('tools', $call->getId(), $call->getFunction()->getName(), $call->getFunction()->getArguments());
        }
        self::print('tools', 'finish_reason', $finishReason);
    }

    public function embed(): void
    {
        $request = (new CreateEmbeddingRequest())
            ->setModel('example/embed')
            ->setInputTexts((new InputTexts())->setItems(['a lighthouse', 'a rowing boat']));
        $response = self::response($this->embeddings->CreateEmbedding($request, [], self::TIMEOUT));
        foreach ($response->getData() as $embedding) {
            self::print('embed', ...$embedding->getEmbedding());
        }
    }

    public function retry(): void
    {
        $request = (new RetrieveModelRequest())->setModel('example/flaky');
        self::print('retry', self::response($this->models->RetrieveModel($request, [], self::TIMEOUT))->getId());
    }

    public function cancel(): void
    {
        $call = $this->chat->CreateChatCompletionStream(self::asking('example/endless'), [], self::TIMEOUT);
        $count = 0;
        try {
            foreach (self::chunks($call) as $_) {
                if ($count < 3 && ++$count === 3) { // chunks that have arrived may still be read
                    $call->cancel();
                }
            }
        } catch (Failure $failure) {
            self::print('cancel', $failure->status, 'after', $count, 'chunks');
        }
    }

    public function deadline(): void
    {
        try {
            self::response($this->chat->CreateChatCompletion(self::asking('example/slow'), [], ['timeout' => 500_000]));
        } catch (Failure $failure) {
            self::print('deadline', $failure->status);
        }
    }

    public function invalid(): void
    {
        $request = self::asking('example/chat');
        $request->getMessages()[] = (new ChatCompletionMessage())->setRole('user');
        try {
            self::response($this->chat->CreateChatCompletion($request, [], self::TIMEOUT));
        } catch (Failure $failure) {
            self::print('invalid', $failure->status, $failure->reason);
            foreach ($failure->violations as $violation) {
                self::print('invalid', $violation->getField(), $violation->getDescription());
            }
        }
    }

    public function rateLimit(): void
    {
        $request = self::asking('example/rate-limited');
        $metadata = ['x-request-id' => ['example-rate-limit']];
        try {
            self::response($this->chat->CreateChatCompletion($request, $metadata, self::TIMEOUT));
        } catch (Failure $failure) {
            self::print('rate-limit', $failure->status, $failure->reason);
            if ($failure->reason === Reason::name(Reason::RATE_LIMIT_EXCEEDED)) {
                self::print('rate-limit', 'retry after', $failure->retryDelayMs, 'ms');
            }
            $upstream = $failure->upstream;
            self::print('rate-limit', 'upstream HTTP', $upstream?->getHttpStatus(), $upstream?->getCode());
            self::print('rate-limit', 'request id', $failure->requestId);
        }
    }

    public function cut(): void
    {
        $call = $this->chat->CreateChatCompletionStream(self::asking('example/cut'), [], self::TIMEOUT);
        [$text, $count] = ['', 0];
        try {
            foreach (self::chunks($call) as $chunk) {
                $count++;
                foreach ($chunk->getChoices() as $choice) {
                    $text .= $choice->getDelta()->getContent();
                }
            }
        } catch (Failure $failure) {
            self::print('cut', $text, 'after', $count, 'chunks');
            self::print('cut', $failure->status, $failure->reason);
        }
    }

    public function missing(): void
    {
        $request = (new RetrieveModelRequest())->setModel('example/missing');
        try {
            self::response($this->models->RetrieveModel($request, [], self::TIMEOUT));
        } catch (Failure $failure) {
            self::print('missing', $failure->status, $failure->reason);
            self::print('missing', $failure->resource?->getResourceType(), $failure->resource?->getResourceName());
        }
    }

    /** Waits for the response of a unary call. */
    private static function response(Grpc\UnaryCall $call): object
    {
        [$response, $status] = $call->wait();
        if ($status->code !== Grpc\STATUS_OK) {
            throw new Failure($status);
        }

        return $response;
    }

    /** The messages of a stream as they come. */
    private static function chunks(Grpc\ServerStreamingCall $call): Generator
    {
        yield from $call->responses();
        $status = $call->getStatus();
        if ($status->code !== Grpc\STATUS_OK) {
            throw new Failure($status);
        }
    }

    /** A request with one user message. */
    private static function asking(string $model, string $text = 'Hello!'): CreateChatCompletionRequest
    {
        $message = (new ChatCompletionMessage())->setRole('user')->setContent($text);

        return (new CreateChatCompletionRequest())->setModel($model)->setMessages([$message]);
    }

    private static function weather(): Tool
    {
        $function = (new FunctionDefinition())
            ->setName('get_weather')
            ->setDescription('The weather in a city, now.')
            ->setParametersJson('{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}');

        return (new Tool())->setType('function')->setFunction($function);
    }

    /**
     * Adds deltas to tool calls: each delta names its call by index, and the arguments come in pieces.
     *
     * @param array<int, ToolCall> $calls
     * @param iterable<ToolCallDelta> $deltas
     */
    private static function addToolCalls(array &$calls, iterable $deltas): void
    {
        foreach ($deltas as $delta) {
            $call = $calls[$delta->getIndex()] ??= (new ToolCall())->setFunction(new FunctionCall());
            if ($delta->hasId()) {
                $call->setId($delta->getId());
            }
            $function = $delta->getFunction() ?? new FunctionCall();
            if ($function->hasName()) {
                $call->getFunction()->setName($function->getName());
            }
            $call->getFunction()->setArguments($call->getFunction()->getArguments() . $function->getArguments());
        }
    }

    /** The finish reason and the usage. */
    private static function ending(string $finishReason, Usage $usage): string
    {
        $counts = [$usage->getPromptTokens(), $usage->getCompletionTokens(), $usage->getTotalTokens()];

        return vsprintf("finish_reason $finishReason, %d + %d = %d tokens", $counts);
    }

    private static function print(string $step, mixed ...$words): void
    {
        echo "$step: ", implode(' ', $words), "\n";
    }
}

$example = new Example(getenv('AIBRIDGE_TARGET') ?: '127.0.0.1:50051', getenv('AIBRIDGE_TOKEN') ?: '');
$example->models();
$example->chat();
$example->stream();
$example->tools();
$example->embed();
$example->retry();
$example->cancel();
$example->deadline();
$example->invalid();
$example->rateLimit();
$example->cut();
$example->missing();
