//! Generated protobuf and the only conversions to and from it.
