import { type DescMessage, fromBinary, type MessageShape } from "@bufbuild/protobuf";
import { anyUnpack, durationMs } from "@bufbuild/protobuf/wkt";
import type { ServiceError } from "@grpc/grpc-js";
import {
  type BadRequest_FieldViolation,
  BadRequestSchema,
  Code,
  ErrorInfoSchema,
  RequestInfoSchema,
  type ResourceInfo,
  ResourceInfoSchema,
  RetryInfoSchema,
  StatusSchema,
  type UpstreamError,
  UpstreamErrorSchema,
} from "@aibridge/protos";

/** A failed call: decide by `code` and `reason`. */
export interface Failure {
  code: string;
  reason: string;
  retryDelayMs?: number;
  requestId: string;
  violations: BadRequest_FieldViolation[];
  resource?: ResourceInfo;
  upstream?: UpstreamError;
}

/** The details of google.rpc.Status, which come with each failure, in a trailer. */
export function failureOf(reason: unknown): Failure {
  const error = reason as ServiceError;
  const [trailer] = error.metadata.get("grpc-status-details-bin");
  const details = trailer ? fromBinary(StatusSchema, trailer as Buffer).details : [];
  function find<T extends DescMessage>(schema: T): MessageShape<T> | undefined {
    for (const detail of details) {
      const message = anyUnpack(detail, schema);
      if (message) return message;
    }
  }
  const delay = find(RetryInfoSchema)?.retryDelay;
  return {
    code: Code[error.code],
    reason: find(ErrorInfoSchema)?.reason ?? "",
    retryDelayMs: delay && durationMs(delay),
    requestId: find(RequestInfoSchema)?.requestId ?? "",
    violations: find(BadRequestSchema)?.fieldViolations ?? [],
    resource: find(ResourceInfoSchema),
    upstream: find(UpstreamErrorSchema),
  };
}
