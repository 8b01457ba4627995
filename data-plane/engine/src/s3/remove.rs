//! Removing an object only while it is the one that was seen: another node may have written good bytes over damaged ones.

use object_store::{Error, GetOptions, ObjectMeta, Result, path::Path, signer::Method};

use super::{
    clients::Clients,
    read,
    request::{RequestFailed, send},
};

/// RGW's own condition, to the second; a store that does not know it ignores it, and is asked just before.
const CONDITION: &str = "x-amz-delete-if-unmodified-since";

/// Removes an object, unless it is gone or was written over since it was seen.
pub(super) async fn if_unchanged(clients: &Clients, key: &Path, seen: &ObjectMeta) -> Result<()> {
    let now = match read::head(&clients.usual, key, GetOptions::default()).await {
        Ok(found) => found.meta,
        Err(Error::NotFound { .. }) => return Ok(()),
        Err(error) => return Err(error),
    };
    if (&now.e_tag, now.last_modified) != (&seen.e_tag, seen.last_modified) {
        return Ok(());
    }
    let since = seen.last_modified.format("%Y-%m-%d %H:%M:%S").to_string();
    match send(clients, &Method::DELETE, key, Vec::new(), &[(CONDITION, &since)]).await {
        Ok(_) | Err(RequestFailed::Status(404 | 412)) => Ok(()),
        Err(failed) => Err(failed.into()),
    }
}
