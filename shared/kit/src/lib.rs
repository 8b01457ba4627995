//! What every process needs and no domain word: configuration, telemetry, lifecycle. Values are passed, never ambient;
//! what is set for a whole process is its log subscriber, which only binaries set, and where its memory comes from.
#![deny(missing_docs)]

pub mod lifecycle;
mod memory;
pub mod settings;
pub mod telemetry;

pub use lifecycle::Shutdown;
pub use settings::{Settings, SettingsRefused, Sources};
pub use telemetry::{LogFilter, LogFormat};
