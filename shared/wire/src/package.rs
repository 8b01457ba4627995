//! Packages: what their producers say, what the registry shows, and which a listing wants.

use artifactstore_types::{Fault, NewPackage, PackageFilter, PackageRecord, PackageStatus, Provenance};

use crate::{field, time, v1, value};

impl From<NewPackage> for v1::NewPackage {
    fn from(package: NewPackage) -> Self {
        Self {
            namespace: package.namespace.to_string(),
            name: package.name.to_string(),
            producer: package.producer.to_string(),
            subject: package.subject.to_string(),
            kind: package.kind.map(|kind| kind.to_string()),
            retention_class: package.class.to_string(),
            metadata: value::encode(package.metadata),
            provenance: Some(package.provenance.into()),
        }
    }
}

impl TryFrom<v1::NewPackage> for NewPackage {
    type Error = Fault;

    fn try_from(package: v1::NewPackage) -> Result<Self, Fault> {
        Ok(Self {
            namespace: field::parsed_or_default("namespace", &package.namespace)?,
            name: field::parsed("name", &package.name)?,
            producer: field::parsed("producer", &package.producer)?,
            subject: field::parsed("subject", &package.subject)?,
            kind: field::parsed_if_given("kind", package.kind.as_deref())?,
            class: field::parsed("retention_class", &package.retention_class)?,
            metadata: value::decode("metadata", package.metadata)?,
            provenance: field::converted("provenance", Some(package.provenance.unwrap_or_default()))?,
        })
    }
}

impl From<Provenance> for v1::Provenance {
    fn from(provenance: Provenance) -> Self {
        Self {
            source_refs: provenance.source_refs,
            producer_version: provenance.producer_version,
            extra: value::encode(provenance.extra),
        }
    }
}

impl TryFrom<v1::Provenance> for Provenance {
    type Error = Fault;

    fn try_from(provenance: v1::Provenance) -> Result<Self, Fault> {
        let provenance = Self {
            source_refs: provenance.source_refs,
            producer_version: provenance.producer_version,
            extra: value::decode("extra", provenance.extra)?,
        };
        provenance.check().map_err(field::refused_itself)?;
        Ok(provenance)
    }
}

impl From<PackageStatus> for v1::PackageStatus {
    fn from(status: PackageStatus) -> Self {
        match status {
            PackageStatus::Created => Self::Created,
            PackageStatus::Uploading => Self::Uploading,
            PackageStatus::Finalized => Self::Finalized,
            PackageStatus::Failed => Self::Failed,
            PackageStatus::Deleted => Self::Deleted,
        }
    }
}

/// The status with this number; 0 says none.
fn status(number: i32) -> Result<Option<PackageStatus>, Fault> {
    match v1::PackageStatus::try_from(number) {
        Ok(v1::PackageStatus::Unspecified) => Ok(None),
        Ok(v1::PackageStatus::Created) => Ok(Some(PackageStatus::Created)),
        Ok(v1::PackageStatus::Uploading) => Ok(Some(PackageStatus::Uploading)),
        Ok(v1::PackageStatus::Finalized) => Ok(Some(PackageStatus::Finalized)),
        Ok(v1::PackageStatus::Failed) => Ok(Some(PackageStatus::Failed)),
        Ok(v1::PackageStatus::Deleted) => Ok(Some(PackageStatus::Deleted)),
        Err(_) => Err(field::refused("status", format_args!("{number} is not a package status"))),
    }
}

impl From<PackageRecord> for v1::PackageRecord {
    fn from(record: PackageRecord) -> Self {
        Self {
            package_id: record.package_id.to_string(),
            package: Some(record.package.into()),
            actor: record.actor.to_string(),
            status: v1::PackageStatus::from(record.status).into(),
            created_at: Some(time::encode(record.created_at)),
            finalized_at: record.finalized_at.map(time::encode),
            manifest_digest: record.manifest_digest.map(|digest| digest.to_string()),
            failure_reason: record.failure_reason,
            expires_at: record.expires_at.map(time::encode),
            file_count: record.file_count,
            size_bytes: record.size_bytes,
            revision: record.revision,
            last_event_sequence: record.last_event_sequence,
        }
    }
}

impl TryFrom<v1::PackageRecord> for PackageRecord {
    type Error = Fault;

    fn try_from(record: v1::PackageRecord) -> Result<Self, Fault> {
        Ok(Self {
            package_id: field::parsed("package_id", &record.package_id)?,
            package: field::converted("package", record.package)?,
            actor: field::parsed("actor", &record.actor)?,
            status: field::required("status", status(record.status)?)?,
            created_at: time::decode("created_at", record.created_at)?,
            finalized_at: time::decode_if_given("finalized_at", record.finalized_at)?,
            manifest_digest: field::parsed_if_given("manifest_digest", record.manifest_digest.as_deref())?,
            failure_reason: record.failure_reason,
            expires_at: time::decode_if_given("expires_at", record.expires_at)?,
            file_count: record.file_count,
            size_bytes: record.size_bytes,
            revision: record.revision,
            last_event_sequence: record.last_event_sequence,
        })
    }
}

impl From<PackageFilter> for v1::PackageFilter {
    fn from(filter: PackageFilter) -> Self {
        Self {
            namespace: filter.namespace.to_string(),
            status: filter.status.map_or(v1::PackageStatus::Unspecified, Into::into).into(),
            producer: filter.producer.map(|producer| producer.to_string()),
            subject: filter.subject.map(|subject| subject.to_string()),
            retention_class: filter.class.map(|class| class.to_string()),
            name: filter.name.map(|name| name.to_string()),
        }
    }
}

impl TryFrom<v1::PackageFilter> for PackageFilter {
    type Error = Fault;

    fn try_from(filter: v1::PackageFilter) -> Result<Self, Fault> {
        Ok(Self {
            namespace: field::parsed_or_default("namespace", &filter.namespace)?,
            status: status(filter.status)?,
            producer: field::parsed_if_given("producer", filter.producer.as_deref())?,
            subject: field::parsed_if_given("subject", filter.subject.as_deref())?,
            class: field::parsed_if_given("retention_class", filter.retention_class.as_deref())?,
            name: field::parsed_if_given("name", filter.name.as_deref())?,
        })
    }
}
