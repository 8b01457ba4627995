//! What the descriptors say of the contract's methods, so that no list of them has to be kept.

use std::collections::BTreeSet;

use prost::Message as _;
use prost_types::FileDescriptorSet;

use crate::v1::FILE_DESCRIPTOR_SET;

/// The HTTP path of every method that is answered only once a whole stream has come:
/// `/artifactstore.v1.PackageService/IngestFile`.
pub fn uploads() -> BTreeSet<String> {
    let files = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).unwrap_or_default().file;
    let services = files.iter().flat_map(|file| file.service.iter().map(move |service| (file.package(), service)));
    let methods = services.flat_map(|(package, service)| {
        let uploads = service.method.iter().filter(|method| method.client_streaming() && !method.server_streaming());
        uploads.map(move |method| format!("/{package}.{}/{}", service.name(), method.name()))
    });
    methods.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_what_is_answered_only_at_its_end() {
        let named = ["DataPlaneService/IngestStream", "PackageService/IngestFile", "TransferService/IngestStream"];
        assert_eq!(uploads(), named.map(|method| format!("/artifactstore.v1.{method}")).into());
    }
}
