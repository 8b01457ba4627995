//! gRPC and HTTP handlers.
