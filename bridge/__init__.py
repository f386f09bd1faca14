"""aibridge: typed gRPC for any OpenAI-compatible gateway."""
