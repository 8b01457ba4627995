//! The artifactstore command; everything it does is in the library beside this.

use std::process::ExitCode;

fn main() -> ExitCode {
    artifactstore_cli::main()
}
