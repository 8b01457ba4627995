//! Generates the Rust side of `proto/` with protox, so that no protoc is needed. What is generated lies in the build
//! directory only; the contract is the `.proto` files.

use std::{env, error::Error, fs, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../../proto");
    println!("cargo::rerun-if-changed={}", root.display());
    let files = ["contract", "event", "fault", "health", "package", "value"]
        .map(|noun| root.join(format!("artifactstore/v1/{noun}.proto")));

    let mut compiler = protox::Compiler::new([&root])?;
    compiler.include_source_info(true).include_imports(true).open_files(files)?;

    let descriptors = PathBuf::from(env::var("OUT_DIR")?).join("artifactstore.bin");
    fs::write(descriptors, compiler.encode_file_descriptor_set())?;
    // Blobs stay in the buffer they arrived in, and maps encode the same way every time.
    tonic_prost_build::configure().bytes(".").btree_map(".").compile_fds(compiler.file_descriptor_set())?;
    Ok(())
}
