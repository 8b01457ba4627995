//! Use cases: ports in, ports out.
