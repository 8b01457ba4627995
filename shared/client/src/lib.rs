//! The typed client producers use: push, pull, verify, list, tail.
