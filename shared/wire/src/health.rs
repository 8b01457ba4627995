//! How a store is.

use artifactstore_types::{BackendHealth, Fault, Health};

use crate::{field, v1};

impl From<Health> for v1::Health {
    fn from(health: Health) -> Self {
        Self {
            serving: health.serving(),
            version: health.version,
            database_fault: health.database_fault,
            head: health.head,
            backends: health.backends.into_iter().map(Into::into).collect(),
        }
    }
}

impl TryFrom<v1::Health> for Health {
    type Error = Fault;

    fn try_from(health: v1::Health) -> Result<Self, Fault> {
        Ok(Self {
            version: health.version,
            database_fault: health.database_fault,
            head: health.head,
            backends: field::converted_list("backends", health.backends, usize::MAX)?,
        })
    }
}

impl From<BackendHealth> for v1::BackendHealth {
    fn from(backend: BackendHealth) -> Self {
        Self {
            backend_id: backend.backend_id.to_string(),
            reachable: backend.reachable,
            reason: backend.reason,
            used_bytes: backend.used_bytes,
            free_bytes: backend.free_bytes,
        }
    }
}

impl TryFrom<v1::BackendHealth> for BackendHealth {
    type Error = Fault;

    fn try_from(backend: v1::BackendHealth) -> Result<Self, Fault> {
        Ok(Self {
            backend_id: field::parsed("backend_id", &backend.backend_id)?,
            reachable: backend.reachable,
            reason: backend.reason,
            used_bytes: backend.used_bytes,
            free_bytes: backend.free_bytes,
        })
    }
}
