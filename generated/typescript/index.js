// All of aibridge.v1, what a failed call carries, and helpers.
export * from "./aibridge/v1/chat_pb.js";
export * from "./aibridge/v1/common_pb.js";
export * from "./aibridge/v1/embeddings_pb.js";
export * from "./aibridge/v1/errors_pb.js";
export * from "./aibridge/v1/models_pb.js";
export * from "./aibridge/v1/raw_pb.js";
export * from "./google/rpc/code_pb.js";
export * from "./google/rpc/error_details_pb.js";
export * from "./google/rpc/status_pb.js";
export * from "./helpers.js";
