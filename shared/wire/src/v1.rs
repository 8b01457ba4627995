//! What is generated from `proto/artifactstore/v1`, as it is: messages, clients, servers, and the descriptors that
//! reflection serves. The documentation is that of the `.proto` files.

/// The descriptors of every file of the contract and of what they import, encoded.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/artifactstore.bin"));

pub use generated::*;

#[expect(
    unused_qualifications,
    clippy::allow_attributes,
    clippy::large_enum_variant,
    clippy::pedantic,
    reason = "generated code follows its generator"
)]
mod generated {
    tonic::include_proto!("artifactstore.v1");
}
