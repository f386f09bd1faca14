package dev.aibridge.example

import com.google.protobuf.Any
import com.google.protobuf.InvalidProtocolBufferException
import com.google.protobuf.Message
import com.google.rpc.BadRequest
import com.google.rpc.ErrorInfo
import com.google.rpc.RequestInfo
import com.google.rpc.ResourceInfo
import com.google.rpc.RetryInfo
import dev.aibridge.v1.UpstreamError
import io.grpc.Status
import io.grpc.StatusException
import io.grpc.protobuf.StatusProto
import kotlin.time.Duration
import kotlin.time.Duration.Companion.nanoseconds
import kotlin.time.Duration.Companion.seconds

/** A failed call. Decide by [code] and [reason]; the rest is set if it applies. */
data class Failure(
    val code: Status.Code,
    val reason: String,
    val retryDelay: Duration?,
    val requestId: String,
    val violations: List<BadRequest.FieldViolation>,
    val resource: ResourceInfo?,
    val upstream: UpstreamError?,
)

fun StatusException.failure(): Failure {
    val details = StatusProto.fromThrowable(this)?.detailsList.orEmpty()
    return Failure(
        code = status.code,
        reason = details.first<ErrorInfo>()?.reason.orEmpty(),
        retryDelay = details.first<RetryInfo>()?.retryDelay?.run { seconds.seconds + nanos.nanoseconds },
        requestId = details.first<RequestInfo>()?.requestId.orEmpty(),
        violations = details.first<BadRequest>()?.fieldViolationsList.orEmpty(),
        resource = details.first<ResourceInfo>(),
        upstream = details.first<UpstreamError>(),
    )
}

private inline fun <reified T : Message> List<Any>.first(): T? =
    try {
        find { it.`is`(T::class.java) }?.unpack(T::class.java)
    } catch (_: InvalidProtocolBufferException) {
        null // perhaps from a proxy; the code still applies
    }
