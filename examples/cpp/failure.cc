#include "failure.h"

#include <google/protobuf/util/time_util.h>
#include <grpcpp/support/error_details.h>

#include "google/rpc/status.pb.h"

namespace {

// The detail of this type, if there is one.
template <typename T>
std::optional<T> Detail(const google::rpc::Status& status) {
  T message;
  for (const google::protobuf::Any& detail : status.details()) {
    if (detail.UnpackTo(&message)) return message;
  }
  return std::nullopt;
}

}  // namespace

Failure::Failure(const grpc::Status& status) : code(status.error_code()) {
  google::rpc::Status details;  // empty if the response is not from a bridge
  grpc::ExtractErrorDetails(status, &details);
  if (const auto info = Detail<google::rpc::ErrorInfo>(details)) reason = info->reason();
  if (const auto info = Detail<google::rpc::RetryInfo>(details)) {
    using google::protobuf::util::TimeUtil;
    retry_delay = std::chrono::milliseconds(TimeUtil::DurationToMilliseconds(info->retry_delay()));
  }
  if (const auto info = Detail<google::rpc::RequestInfo>(details)) request_id = info->request_id();
  if (const auto wrong = Detail<google::rpc::BadRequest>(details)) {
    violations.assign(wrong->field_violations().begin(), wrong->field_violations().end());
  }
  resource = Detail<google::rpc::ResourceInfo>(details);
  upstream = Detail<aibridge::v1::UpstreamError>(details);
}
