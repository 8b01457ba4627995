//! How values are shown: for people as aligned text, for programs as JSON. Nothing here writes, and no command formats.

pub mod contract;
pub mod contracts;
pub mod event;
pub mod fault;
pub mod file;
pub mod health;
pub mod package;
pub mod report;
pub mod serving;
mod text;

#[cfg(test)]
mod tests;
