//! What every process needs and no domain word: configuration, telemetry, lifecycle. Values are passed, never ambient;
//! the one thing set for a whole process is its log subscriber, and only binaries set it.
#![deny(missing_docs)]

pub mod lifecycle;
pub mod settings;
pub mod telemetry;

pub use lifecycle::Shutdown;
pub use settings::{Settings, SettingsRefused, Sources};
pub use telemetry::{LogFilter, LogFormat};
