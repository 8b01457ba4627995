//! Ports of the registry and their SQL: one text, two engines.
