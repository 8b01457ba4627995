//! What the descriptors say of the contract's methods, so that no list of them has to be kept.

use std::collections::BTreeSet;

use prost::Message as _;
use prost_types::FileDescriptorSet;

use crate::v1::FILE_DESCRIPTOR_SET;

/// The HTTP path of every method that is one message each way: `/artifactstore.v1.PackageService/GetPackage`.
pub fn unary() -> BTreeSet<String> {
    let files = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).unwrap_or_default().file;
    let services = files.iter().flat_map(|file| file.service.iter().map(move |service| (file.package(), service)));
    let methods = services.flat_map(|(package, service)| {
        let unary = service.method.iter().filter(|method| !method.client_streaming() && !method.server_streaming());
        unary.map(move |method| format!("/{package}.{}/{}", service.name(), method.name()))
    });
    methods.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_calls_from_streams() {
        let unary = unary();
        for method in ["PackageService/CreatePackage", "PackageService/CommitFiles", "HealthService/GetHealth"] {
            assert!(unary.contains(&format!("/artifactstore.v1.{method}")), "{method}");
        }
        for method in ["PackageService/IngestFile", "PackageService/IngestFiles", "EventService/Tail"] {
            assert!(!unary.contains(&format!("/artifactstore.v1.{method}")), "{method}");
        }
    }
}
