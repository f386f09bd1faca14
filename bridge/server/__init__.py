"""The gRPC server around the services: boundary, health, reflection, start and stop."""
