//! What every process needs and no domain word: configuration, telemetry, lifecycle.
