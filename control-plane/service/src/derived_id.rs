//! Ids that follow from an idempotency key: the same wish leads to the same id, so that what was granted before is found
//! without being written down anywhere else.

use artifactstore_types::{Algorithm, IdempotencyKey};
use uuid::{Builder, Uuid};

/// The id of what is wished for under `key`, told apart by `parts`. It keeps the time of a key that has one, so that ids
/// made together lie together; the rest is a digest, and nobody who does not know the key can guess it.
pub fn derived_id(key: IdempotencyKey, parts: &[&[u8]]) -> Uuid {
    let mut wish = key.uuid().as_bytes().to_vec();
    for part in parts {
        wish.extend_from_slice(&(part.len() as u64).to_be_bytes());
        wish.extend_from_slice(part);
    }
    let digest = Algorithm::Blake3.digest(&wish);
    let time = key.uuid().get_timestamp().map_or(0, |time| {
        let (seconds, nanos) = time.to_unix();
        seconds.saturating_mul(1_000).saturating_add(u64::from(nanos / 1_000_000))
    });
    Builder::from_unix_timestamp_millis(time, &std::array::from_fn(|at| digest.bytes()[at])).into_uuid()
}

#[cfg(test)]
mod tests {
    use artifactstore_types::{Ids as _, SystemIds};

    use super::*;

    #[test]
    fn the_same_wish_has_one_id_and_every_other_has_another() {
        let key = IdempotencyKey::new(SystemIds.next());
        let id = derived_id(key, &[b"a", b"b"]);
        assert_eq!(derived_id(key, &[b"a", b"b"]), id);
        assert_ne!(derived_id(key, &[b"ab"]), id);
        assert_ne!(derived_id(key, &[b"ab", b""]), id);
        assert_ne!(derived_id(IdempotencyKey::new(SystemIds.next()), &[b"a", b"b"]), id);
    }

    #[test]
    fn ids_keep_the_time_of_their_key_and_need_none() {
        let key = IdempotencyKey::new(SystemIds.next());
        let id = derived_id(key, &[]);
        assert_eq!(id.get_version_num(), 7);
        assert_eq!(id.as_bytes()[..6], key.uuid().as_bytes()[..6]);
        assert_eq!(derived_id(IdempotencyKey::from_bytes([0xff; 16]), &[]).get_version_num(), 7);
    }
}
