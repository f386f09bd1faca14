import { durationMs } from "@bufbuild/protobuf/wkt";
import { ConnectError } from "@connectrpc/connect";
import {
  type BadRequest_FieldViolation,
  BadRequestSchema,
  Code,
  ErrorInfoSchema,
  RequestInfoSchema,
  type ResourceInfo,
  ResourceInfoSchema,
  RetryInfoSchema,
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

/** The details of google.rpc.Status, which come with each failure. */
export function failureOf(reason: unknown): Failure {
  const error = ConnectError.from(reason);
  const [retry] = error.findDetails(RetryInfoSchema);
  return {
    code: Code[error.code], // Connect's own names are in another spelling, the numbers are the same
    reason: error.findDetails(ErrorInfoSchema)[0]?.reason ?? "",
    retryDelayMs: retry?.retryDelay && durationMs(retry.retryDelay),
    requestId: error.findDetails(RequestInfoSchema)[0]?.requestId ?? "",
    violations: error.findDetails(BadRequestSchema)[0]?.fieldViolations ?? [],
    resource: error.findDetails(ResourceInfoSchema)[0],
    upstream: error.findDetails(UpstreamErrorSchema)[0],
  };
}
