// A failed call and its details.
#pragma once

#include <grpcpp/support/status.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "aibridge/v1/errors.pb.h"
#include "google/rpc/error_details.pb.h"

// Decide by code and reason; the rest is set if it applies.
struct Failure {
  explicit Failure(const grpc::Status& status);

  grpc::StatusCode code;
  std::string reason;  // google.rpc.ErrorInfo.reason
  std::optional<std::chrono::milliseconds> retry_delay;
  std::string request_id;
  std::vector<google::rpc::BadRequest::FieldViolation> violations;
  std::optional<google::rpc::ResourceInfo> resource;
  std::optional<aibridge::v1::UpstreamError> upstream;
};
