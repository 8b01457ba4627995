//! The artifactstore command.

fn main() {}
