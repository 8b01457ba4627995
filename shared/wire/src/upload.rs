//! Files on their way into a package: where they go, what is planned, what is answered.

use artifactstore_types::{ByteRange, ContentAddress, Fault, FileHeader, PlanAnswer, PlannedFile, Upload};

use crate::{field, v1};

impl From<Upload> for v1::Upload {
    fn from(upload: Upload) -> Self {
        Self {
            package_id: upload.package_id.to_string(),
            actor: upload.actor.to_string(),
            replace: upload.replace,
            idempotency_key: upload.idempotency_key.map(|key| key.to_string()),
        }
    }
}

impl TryFrom<v1::Upload> for Upload {
    type Error = Fault;

    fn try_from(upload: v1::Upload) -> Result<Self, Fault> {
        Ok(Self {
            package_id: field::parsed("package_id", &upload.package_id)?,
            actor: field::parsed("actor", &upload.actor)?,
            replace: upload.replace,
            idempotency_key: field::parsed_if_given("idempotency_key", upload.idempotency_key.as_deref())?,
        })
    }
}

impl TryFrom<v1::KnownFile> for (FileHeader, ContentAddress) {
    type Error = Fault;

    fn try_from(file: v1::KnownFile) -> Result<Self, Fault> {
        let address = field::parsed("content_address", &file.content_address)?;
        Ok((field::converted("header", file.header)?, address))
    }
}

impl From<PlannedFile> for v1::PlannedFile {
    fn from(file: PlannedFile) -> Self {
        Self { size_bytes: file.size_bytes, content_address: file.address.map(|address| address.to_string()) }
    }
}

impl TryFrom<v1::PlannedFile> for PlannedFile {
    type Error = Fault;

    fn try_from(file: v1::PlannedFile) -> Result<Self, Fault> {
        let address = field::parsed_if_given("content_address", file.content_address.as_deref())?;
        Ok(Self { size_bytes: file.size_bytes, address })
    }
}

impl From<PlanAnswer> for v1::PlanAnswer {
    fn from(answer: PlanAnswer) -> Self {
        match answer {
            PlanAnswer::Have => Self::Have,
            PlanAnswer::Send => Self::Send,
            PlanAnswer::DigestFirst => Self::DigestFirst,
        }
    }
}

impl v1::PlanUploadResponse {
    /// The answers, in the order asked.
    ///
    /// # Errors
    /// An answer that is not one known.
    pub fn decoded(self) -> Result<Vec<PlanAnswer>, Fault> {
        let decode = |number| match v1::PlanAnswer::try_from(number) {
            Ok(v1::PlanAnswer::Have) => Ok(PlanAnswer::Have),
            Ok(v1::PlanAnswer::Send) => Ok(PlanAnswer::Send),
            Ok(v1::PlanAnswer::DigestFirst) => Ok(PlanAnswer::DigestFirst),
            Ok(v1::PlanAnswer::Unspecified) | Err(_) => {
                Err(field::refused("answers", format_args!("{number} is not an answer")))
            }
        };
        self.answers.into_iter().map(decode).collect()
    }
}

impl From<ByteRange> for v1::ByteRange {
    fn from(range: ByteRange) -> Self {
        Self { offset: range.offset, length: range.length }
    }
}

impl From<v1::ByteRange> for ByteRange {
    fn from(range: v1::ByteRange) -> Self {
        Self { offset: range.offset, length: range.length }
    }
}
