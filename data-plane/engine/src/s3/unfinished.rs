//! Uploads that were begun and neither completed nor aborted: their parts take space and no listing of objects shows them.
//! The node that began them may be gone.

use artifactstore_types::Timestamp;
use futures::{StreamExt as _, TryStreamExt as _, stream, stream::BoxStream};
use object_store::{Error, Result, multipart::MultipartStore as _, path::Path, signer::Method};
use serde::Deserialize;

use super::{
    clients::Clients,
    refusal::{RefusalKind, refusal_of},
    request::{RequestFailed, send},
};

/// The unfinished uploads of a bucket under a prefix.
#[derive(Clone, Debug)]
pub struct UnfinishedUploads {
    clients: Clients,
    prefix: Path,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Begun {
    /// The key it is for, without the prefix.
    pub key: Path,
    /// When it began.
    pub at: Timestamp,
    full_key: Path,
    id: String,
}

/// A page of the store's answer.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    #[serde(rename = "Upload", default)]
    uploads: Vec<Listed>,
    #[serde(default)]
    is_truncated: bool,
    #[serde(default)]
    next_key_marker: String,
    #[serde(default)]
    next_upload_id_marker: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    key: String,
    upload_id: String,
    initiated: String,
}

/// Behind which upload a page starts.
struct Marker {
    key: String,
    id: String,
}

impl UnfinishedUploads {
    pub(super) fn new(clients: Clients, prefix: Path) -> Self {
        Self { clients, prefix }
    }

    /// All of them, in the order of their keys.
    pub(crate) fn list(&self) -> BoxStream<'static, Result<Begun>> {
        let unfinished = self.clone();
        let pages = stream::try_unfold(Some(Marker { key: String::new(), id: String::new() }), move |marker| {
            let unfinished = unfinished.clone();
            async move {
                let Some(marker) = marker else { return Ok::<_, Error>(None) };
                let page = unfinished.page(&marker).await?;
                let next = Marker { key: page.next_key_marker, id: page.next_upload_id_marker };
                let goes_on = page.is_truncated && (&next.key, &next.id) > (&marker.key, &marker.id);
                let begun: Vec<_> =
                    page.uploads.into_iter().filter_map(|listed| unfinished.begun(listed)).map(Ok).collect();
                Ok(Some((stream::iter(begun), goes_on.then_some(next))))
            }
        });
        pages.try_flatten().boxed()
    }

    async fn page(&self, marker: &Marker) -> Result<Page> {
        let mut query = vec![("uploads".to_owned(), String::new())];
        let mut add = |name: &str, value: String| {
            if !value.is_empty() {
                query.push((name.to_owned(), value));
            }
        };
        let prefix = self.prefix.as_ref();
        add("prefix", if prefix.is_empty() { String::new() } else { format!("{prefix}/") });
        add("key-marker", marker.key.clone());
        add("upload-id-marker", marker.id.clone());
        let answer = send(&self.clients, &Method::GET, &Path::default(), query, &[]).await?;
        Ok(quick_xml::de::from_reader(&answer[..]).map_err(RequestFailed::Answer)?)
    }

    fn begun(&self, listed: Listed) -> Option<Begun> {
        let full_key = Path::parse(listed.key).ok()?;
        let key = full_key.prefix_match(&self.prefix)?.collect();
        Some(Begun { key, at: time(&listed.initiated)?, full_key, id: listed.upload_id })
    }

    /// Ends one of them, with all its parts. One that has ended is no failure.
    pub(crate) async fn abort(&self, begun: &Begun) -> Result<()> {
        match self.clients.usual.abort_multipart(&begun.full_key, &begun.id).await {
            Err(error) if refusal_of(&error).is_some_and(|refusal| refusal.kind == RefusalKind::UploadGone) => Ok(()),
            other => other,
        }
    }
}

/// The time that a text such as `2026-01-01T00:00:00.123Z` says.
fn time(text: &str) -> Option<Timestamp> {
    let text = text.strip_suffix('Z')?;
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    let fraction: String = fraction.chars().take(6).collect();
    format!("{seconds}.{fraction:0<6}Z").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_times_of_any_precision() {
        let seconds = "2026-01-01T00:00:00.000000Z".parse::<Timestamp>().unwrap();
        assert_eq!(time("2026-01-01T00:00:00Z"), Some(seconds));
        assert_eq!(time("2026-01-01T00:00:00.000Z"), Some(seconds));
        assert_eq!(time("2026-01-01T00:00:00.123Z").unwrap().micros(), seconds.micros() + 123_000);
        assert_eq!(time("2026-01-01T00:00:00.123456789Z").unwrap().micros(), seconds.micros() + 123_456);
        assert_eq!(time("yesterday"), None);
    }

    #[test]
    fn reads_a_page() {
        let page: Page = quick_xml::de::from_str(
            "<ListMultipartUploadsResult><Bucket>b</Bucket><NextKeyMarker>k2</NextKeyMarker>\
             <NextUploadIdMarker>u2</NextUploadIdMarker><IsTruncated>true</IsTruncated>\
             <Upload><Key>k1</Key><UploadId>u1</UploadId><Owner><ID>o</ID></Owner>\
             <Initiated>2026-01-01T00:00:00.000Z</Initiated></Upload>\
             <Upload><Key>k2</Key><UploadId>u2</UploadId><Initiated>2026-01-01T00:00:00.000Z</Initiated></Upload>\
             </ListMultipartUploadsResult>",
        )
        .unwrap();
        assert!(page.is_truncated && page.next_key_marker == "k2" && page.next_upload_id_marker == "u2");
        assert_eq!(page.uploads.iter().map(|listed| &*listed.key).collect::<Vec<_>>(), ["k1", "k2"]);
        let empty: Page = quick_xml::de::from_str("<ListMultipartUploadsResult></ListMultipartUploadsResult>").unwrap();
        assert!(empty.uploads.is_empty() && !empty.is_truncated);
    }
}
