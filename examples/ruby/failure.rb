# frozen_string_literal: true

require "aibridge/v1/errors_pb"
require "google/protobuf/well_known_types"
require "google/rpc/code_pb"
require "google/rpc/error_details_pb"
require "grpc"

# A failed call. Decide by code and reason; the rest is nil or empty if it does not apply.
#
# code is a symbol as in google.rpc.Code, retry_delay is in seconds; resource and upstream are messages.
Failure = Struct.new(
  :code, :reason, :retry_delay, :request_id, :violations, :resource, :upstream, keyword_init: true
) do
  # From a GRPC::BadStatus.
  def self.of(error)
    details = error.to_rpc_status&.details.to_a
    find = ->(type) { details.find { |detail| detail.is(type) }&.unpack(type) }
    new(
      code: Google::Rpc::Code.lookup(error.code),
      reason: find[Google::Rpc::ErrorInfo]&.reason.to_s,
      retry_delay: find[Google::Rpc::RetryInfo]&.retry_delay&.to_f,
      request_id: find[Google::Rpc::RequestInfo]&.request_id.to_s,
      violations: find[Google::Rpc::BadRequest]&.field_violations.to_a,
      resource: find[Google::Rpc::ResourceInfo],
      upstream: find[Aibridge::V1::UpstreamError]
    )
  end
end
