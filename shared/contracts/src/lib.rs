//! Event families others rely on.
