module github.com/aibridge/aibridge/examples/go

go 1.26.0

require (
	github.com/aibridge/aibridge/generated/go v0.0.0
	google.golang.org/genproto/googleapis/rpc v0.0.0-20261026165753-2ffab32bce7e
	google.golang.org/grpc v1.85.0
	google.golang.org/protobuf v1.36.12
)

require (
	golang.org/x/net v0.60.0 // indirect
	golang.org/x/sys v0.48.0 // indirect
	golang.org/x/text v0.42.0 // indirect
)

// In a checkout. Elsewhere: go get github.com/aibridge/aibridge/generated/go
replace github.com/aibridge/aibridge/generated/go => ../../generated/go
