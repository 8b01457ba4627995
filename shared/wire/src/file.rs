//! Files: what is said of them before their bytes, what the registry shows, and what became of one of many.

use artifactstore_types::{Fault, FileHeader, FileRecord, FileVerification, SmallFile};

use crate::{
    data_plane::{decode_mismatch, encode_mismatch, sha256},
    field, time,
    v1::{self, file_result},
};

impl From<FileRecord> for v1::FileRecord {
    fn from(record: FileRecord) -> Self {
        Self {
            file_id: record.file_id.to_string(),
            package_id: record.package_id.to_string(),
            relative_path: record.relative_path.to_string(),
            media_type: record.media_type.to_string(),
            executable: record.executable,
            size_bytes: record.size_bytes,
            content_address: record.content_address.to_string(),
            sha256: record.sha256.to_string(),
            created_at: Some(time::encode(record.created_at)),
        }
    }
}

impl TryFrom<v1::FileRecord> for FileRecord {
    type Error = Fault;

    fn try_from(record: v1::FileRecord) -> Result<Self, Fault> {
        Ok(Self {
            file_id: field::parsed("file_id", &record.file_id)?,
            package_id: field::parsed("package_id", &record.package_id)?,
            relative_path: field::parsed("relative_path", &record.relative_path)?,
            media_type: field::parsed("media_type", &record.media_type)?,
            executable: record.executable,
            size_bytes: record.size_bytes,
            content_address: field::parsed("content_address", &record.content_address)?,
            sha256: sha256("sha256", &record.sha256)?,
            created_at: time::decode("created_at", record.created_at)?,
        })
    }
}

impl From<FileHeader> for v1::FileHeader {
    fn from(header: FileHeader) -> Self {
        Self {
            relative_path: header.relative_path.to_string(),
            media_type: header.media_type.to_string(),
            executable: header.executable,
            declared: header.declared.map(|address| address.to_string()),
        }
    }
}

impl TryFrom<v1::FileHeader> for FileHeader {
    type Error = Fault;

    fn try_from(header: v1::FileHeader) -> Result<Self, Fault> {
        Ok(Self {
            relative_path: field::parsed("relative_path", &header.relative_path)?,
            media_type: field::parsed_or_default("media_type", &header.media_type)?,
            executable: header.executable,
            declared: field::parsed_if_given("declared", header.declared.as_deref())?,
        })
    }
}

impl From<SmallFile> for v1::SmallFile {
    fn from(file: SmallFile) -> Self {
        Self { header: Some(file.header.into()), content: file.bytes }
    }
}

impl TryFrom<v1::SmallFile> for SmallFile {
    type Error = Fault;

    fn try_from(file: v1::SmallFile) -> Result<Self, Fault> {
        Ok(Self { header: field::converted("header", file.header)?, bytes: file.content })
    }
}

impl From<Result<FileRecord, Fault>> for v1::FileResult {
    fn from(result: Result<FileRecord, Fault>) -> Self {
        let result = match result {
            Ok(file) => file_result::Result::File(file.into()),
            Err(fault) => file_result::Result::Fault(fault.into()),
        };
        Self { result: Some(result) }
    }
}

impl v1::FileResult {
    /// What became of the file.
    ///
    /// # Errors
    /// A result that cannot be read; the fault of the file itself is within.
    pub fn decoded(self) -> Result<Result<FileRecord, Fault>, Fault> {
        match field::required("result", self.result)? {
            file_result::Result::File(file) => field::converted("file", Some(file)).map(Ok),
            file_result::Result::Fault(fault) => field::converted("fault", Some(fault)).map(Err),
        }
    }
}

impl From<FileVerification> for v1::FileVerification {
    fn from(verification: FileVerification) -> Self {
        Self { file: Some(verification.file.into()), mismatch: verification.mismatch.map(encode_mismatch) }
    }
}

impl TryFrom<v1::FileVerification> for FileVerification {
    type Error = Fault;

    fn try_from(verification: v1::FileVerification) -> Result<Self, Fault> {
        let mismatch = decode_mismatch(verification.mismatch)?;
        Ok(Self { file: field::converted("file", verification.file)?, mismatch })
    }
}
