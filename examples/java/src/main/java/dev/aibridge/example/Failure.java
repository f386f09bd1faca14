package dev.aibridge.example;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RequestInfo;
import com.google.rpc.ResourceInfo;
import com.google.rpc.RetryInfo;
import dev.aibridge.v1.UpstreamError;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** A failed call. Decide by code and reason; the rest is set if it applies. */
record Failure(
        Status.Code code,
        String reason,
        Optional<Duration> retryDelay,
        String requestId,
        List<BadRequest.FieldViolation> violations,
        Optional<ResourceInfo> resource,
        Optional<UpstreamError> upstream) {

    static Failure of(StatusRuntimeException exception) {
        com.google.rpc.Status status = StatusProto.fromThrowable(exception);
        List<Any> details = status == null ? List.of() : status.getDetailsList();
        return new Failure(
                exception.getStatus().getCode(),
                detail(details, ErrorInfo.class).map(ErrorInfo::getReason).orElse(""),
                detail(details, RetryInfo.class)
                        .map(RetryInfo::getRetryDelay)
                        .map(delay -> Duration.ofSeconds(delay.getSeconds(), delay.getNanos())),
                detail(details, RequestInfo.class).map(RequestInfo::getRequestId).orElse(""),
                detail(details, BadRequest.class)
                        .map(BadRequest::getFieldViolationsList)
                        .orElse(List.of()),
                detail(details, ResourceInfo.class),
                detail(details, UpstreamError.class));
    }

    private static <T extends Message> Optional<T> detail(List<Any> details, Class<T> type) {
        for (Any detail : details) {
            if (detail.is(type)) {
                try {
                    return Optional.of(detail.unpack(type));
                } catch (InvalidProtocolBufferException broken) {
                    return Optional.empty(); // perhaps from a proxy; the code still applies
                }
            }
        }
        return Optional.empty();
    }
}
