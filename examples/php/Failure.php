<?php

use Aibridge\V1\UpstreamError;
use Google\Protobuf\Internal\Message;
use Google\Rpc\BadRequest;
use Google\Rpc\Code;
use Google\Rpc\ErrorInfo;
use Google\Rpc\RequestInfo;
use Google\Rpc\ResourceInfo;
use Google\Rpc\RetryInfo;

/** A failed call. Decide by code and reason; the rest is set if it applies. */
final class Failure extends RuntimeException
{
    /** As google.rpc.Code spells it: DEADLINE_EXCEEDED. */
    public readonly string $status;
    public readonly string $reason;
    public readonly ?int $retryDelayMs;
    public readonly string $requestId;
    /** @var BadRequest\FieldViolation[] */
    public readonly array $violations;
    public readonly ?ResourceInfo $resource;
    public readonly ?UpstreamError $upstream;

    /** @param object $status what gRPC gives: code, details, metadata */
    public function __construct(object $status)
    {
        parent::__construct($status->details, $status->code);
        $this->status = Code::name($status->code);
        $details = self::details($status);
        $delay = self::first($details, new RetryInfo())?->getRetryDelay();
        $this->reason = self::first($details, new ErrorInfo())?->getReason() ?? '';
        $this->retryDelayMs = $delay ? $delay->getSeconds() * 1000 + intdiv($delay->getNanos(), 1_000_000) : null;
        $this->requestId = self::first($details, new RequestInfo())?->getRequestId() ?? '';
        $this->violations = iterator_to_array(self::first($details, new BadRequest())?->getFieldViolations() ?? []);
        $this->resource = self::first($details, new ResourceInfo());
        $this->upstream = self::first($details, new UpstreamError());
    }

    /** @return iterable<Google\Protobuf\Any> */
    private static function details(object $status): iterable
    {
        $details = new Google\Rpc\Status(); // empty if the response is not from a bridge
        $details->mergeFromString($status->metadata['grpc-status-details-bin'][0] ?? '');

        return $details->getDetails();
    }

    /**
     * The detail of the type of `$message`, in it, if there is one.
     *
     * @template T of Message
     * @param T $message
     * @return ?T
     */
    private static function first(iterable $details, Message $message): ?Message
    {
        foreach ($details as $detail) {
            if ($detail->is($message::class)) {
                $message->mergeFromString($detail->getValue());

                return $message;
            }
        }

        return null;
    }
}
