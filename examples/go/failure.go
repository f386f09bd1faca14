package main

import (
	"time"

	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/status"

	aibridge "github.com/aibridge/aibridge/generated/go/aibridge/v1"
)

// failure is a failed call: decide by code and reason.
type failure struct {
	code       code.Code
	reason     string
	retryDelay time.Duration
	requestID  string
	violations []*errdetails.BadRequest_FieldViolation
	resource   *errdetails.ResourceInfo
	upstream   *aibridge.UpstreamError
}

// failureOf reads the details of google.rpc.Status, which come with each failure.
func failureOf(err error) failure {
	state := status.Convert(err)
	f := failure{code: code.Code(state.Code())}
	for _, detail := range state.Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			f.reason = detail.GetReason()
		case *errdetails.RetryInfo:
			f.retryDelay = detail.GetRetryDelay().AsDuration()
		case *errdetails.RequestInfo:
			f.requestID = detail.GetRequestId()
		case *errdetails.BadRequest:
			f.violations = detail.GetFieldViolations()
		case *errdetails.ResourceInfo:
			f.resource = detail
		case *aibridge.UpstreamError:
			f.upstream = detail
		}
	}
	return f
}
