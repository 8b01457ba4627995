//! Tickets, what nodes state under them, and where bytes can be read.

use artifactstore_types::{
    DownloadSource, Fault, FileHeader, IssuedTicket, StatedFile, TicketStatement, TicketTarget, TicketToken,
};

use crate::{
    field, time,
    v1::{self, ticket_target::Target},
};

impl From<TicketTarget> for v1::TicketTarget {
    fn from(target: TicketTarget) -> Self {
        let target = match target {
            TicketTarget::File { relative_path, size_bytes, declared } => Target::File(v1::FileTarget {
                relative_path: relative_path.to_string(),
                size_bytes,
                declared: declared.map(|address| address.to_string()),
            }),
            TicketTarget::Batch { size_bytes } => Target::Batch(v1::BatchTarget { size_bytes }),
        };
        Self { target: Some(target) }
    }
}

impl TryFrom<v1::TicketTarget> for TicketTarget {
    type Error = Fault;

    fn try_from(target: v1::TicketTarget) -> Result<Self, Fault> {
        Ok(match field::required("target", target.target)? {
            Target::File(file) => Self::File {
                relative_path: field::parsed("file.relative_path", &file.relative_path)?,
                size_bytes: file.size_bytes,
                declared: field::parsed_if_given("file.declared", file.declared.as_deref())?,
            },
            Target::Batch(batch) => Self::Batch { size_bytes: batch.size_bytes },
        })
    }
}

impl From<IssuedTicket> for v1::IssuedTicket {
    fn from(issued: IssuedTicket) -> Self {
        Self {
            ticket: issued.ticket.expose().to_owned(),
            node_id: issued.node_id.to_string(),
            endpoint: issued.endpoint.to_string(),
            expires_at: Some(time::encode(issued.expires_at)),
        }
    }
}

impl TryFrom<v1::IssuedTicket> for IssuedTicket {
    type Error = Fault;

    fn try_from(issued: v1::IssuedTicket) -> Result<Self, Fault> {
        Ok(Self {
            ticket: TicketToken::from(issued.ticket),
            node_id: field::parsed("node_id", &issued.node_id)?,
            endpoint: field::parsed("endpoint", &issued.endpoint)?,
            expires_at: time::decode("expires_at", issued.expires_at)?,
        })
    }
}

impl From<Option<IssuedTicket>> for v1::TicketAnswer {
    fn from(issued: Option<IssuedTicket>) -> Self {
        Self { issued: issued.map(Into::into) }
    }
}

impl v1::TicketAnswer {
    /// The ticket, where there is one.
    ///
    /// # Errors
    /// A field that cannot be read.
    pub fn decoded(self) -> Result<Option<IssuedTicket>, Fault> {
        self.issued.map(|issued| field::converted("issued", Some(issued))).transpose()
    }
}

impl From<TicketStatement> for v1::TicketStatement {
    fn from(stated: TicketStatement) -> Self {
        Self { ticket: stated.ticket.expose().to_owned(), statement: stated.statement }
    }
}

impl TryFrom<v1::TicketStatement> for TicketStatement {
    type Error = Fault;

    fn try_from(stated: v1::TicketStatement) -> Result<Self, Fault> {
        if stated.ticket.is_empty() {
            return Err(field::refused("ticket", "it is missing"));
        }
        Ok(Self { ticket: TicketToken::from(stated.ticket), statement: stated.statement })
    }
}

impl From<StatedFile> for v1::StatedFile {
    fn from(file: StatedFile) -> Self {
        Self {
            header: Some(file.header.into()),
            statement_index: u32::try_from(file.statement).unwrap_or(u32::MAX),
            receipt_index: u32::try_from(file.receipt).unwrap_or(u32::MAX),
        }
    }
}

impl TryFrom<v1::StatedFile> for StatedFile {
    type Error = Fault;

    fn try_from(file: v1::StatedFile) -> Result<Self, Fault> {
        let index = |number| usize::try_from(number).unwrap_or(usize::MAX);
        Ok(Self {
            header: field::converted::<_, FileHeader>("header", file.header)?,
            statement: index(file.statement_index),
            receipt: index(file.receipt_index),
        })
    }
}

impl From<DownloadSource> for v1::DownloadSource {
    fn from(source: DownloadSource) -> Self {
        Self { issued: Some(source.issued.into()), location: Some(source.location.into()) }
    }
}

impl TryFrom<v1::DownloadSource> for DownloadSource {
    type Error = Fault;

    fn try_from(source: v1::DownloadSource) -> Result<Self, Fault> {
        Ok(Self {
            issued: field::converted("issued", source.issued)?,
            location: field::converted("location", source.location)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use artifactstore_types::{ContentAddress, Location, Timestamp};
    use bytes::Bytes;
    use prost::Message;

    use super::*;
    use crate::codes;

    /// Sends a value as bytes and receives it.
    fn sent<W: Message + Default + From<T>, T: TryFrom<W, Error = Fault>>(value: T) -> T {
        T::try_from(W::decode(W::from(value).encode_to_vec().as_slice()).unwrap()).unwrap()
    }

    fn header() -> FileHeader {
        FileHeader {
            relative_path: "a/b".parse().unwrap(),
            media_type: "text/plain".parse().unwrap(),
            executable: true,
            declared: None,
        }
    }

    #[test]
    fn everything_comes_back() {
        let file = |declared| TicketTarget::File { relative_path: "a".parse().unwrap(), size_bytes: 7, declared };
        for target in [file(None), file(Some(ContentAddress::of(b"x"))), TicketTarget::Batch { size_bytes: u64::MAX }] {
            assert_eq!(sent::<v1::TicketTarget, _>(target.clone()), target);
        }
        let issued = IssuedTicket {
            ticket: TicketToken::from("secret".to_owned()),
            node_id: "node-a".parse().unwrap(),
            endpoint: "http://127.0.0.1:7080".parse().unwrap(),
            expires_at: Timestamp::LATEST,
        };
        for answer in [None, Some(issued.clone())] {
            assert_eq!(v1::TicketAnswer::from(answer.clone()).decoded().unwrap(), answer);
        }
        let location = Location { backend_id: "rgw".parse().unwrap(), key: "k".to_owned(), offset: 1, length: 2 };
        let source = DownloadSource { issued: issued.clone(), location };
        assert_eq!(sent::<v1::DownloadSource, _>(source.clone()), source);
        let stated = TicketStatement { ticket: issued.ticket, statement: Bytes::from_static(b"\x01") };
        assert_eq!(sent::<v1::TicketStatement, _>(stated.clone()), stated);
        let file = StatedFile { header: header(), statement: 3, receipt: 1_023 };
        assert_eq!(sent::<v1::StatedFile, _>(file.clone()), file);
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_its_field() {
        let target = |target| TicketTarget::try_from(v1::TicketTarget { target });
        let bad_path = Target::File(v1::FileTarget { relative_path: "../a".to_owned(), ..v1::FileTarget::default() });
        for (target, field) in [(target(None), "target"), (target(Some(bad_path)), "file.relative_path")] {
            let fault = target.unwrap_err();
            assert_eq!((&*fault.code, fault.subject.as_deref()), (codes::FIELD, Some(field)));
        }
        let stated = v1::TicketStatement { ticket: String::new(), statement: Bytes::new() };
        assert_eq!(TicketStatement::try_from(stated).unwrap_err().subject.as_deref(), Some("ticket"));
        let answer = v1::TicketAnswer { issued: Some(v1::IssuedTicket::default()) };
        assert_eq!(answer.decoded().unwrap_err().subject.as_deref(), Some("issued.node_id"));
    }

    #[test]
    fn a_ticket_is_shown_by_nothing() {
        assert_eq!(format!("{:?}", TicketToken::from("secret".to_owned())), "TicketToken(…)");
    }
}
