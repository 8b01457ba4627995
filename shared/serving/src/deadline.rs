//! How long calls may take until their answer begins: as long as the server's own limit and the client's deadline
//! (`grpc-timeout`) allow. An upload that is answered at its end has no limit of the server's own; its parts have. Nor have calls whose time
//! depends on what they are about.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use artifactstore_wire::{methods, status_of};
use axum::{
    extract::{Request, State},
    http::HeaderMap,
    middleware::Next,
    response::Response,
};
use tokio::time;

use crate::faults;

/// How much before a client's deadline its call is given up, so that the client hears of it.
const HEAD_START: Duration = Duration::from_millis(20);

/// Which calls are held to which limit.
#[derive(Clone, Debug)]
pub struct Deadline {
    limit: Duration,
    unlimited: Arc<BTreeSet<String>>,
}

impl Deadline {
    pub fn new(limit: Duration, unhurried: &[&str]) -> Self {
        let mut unlimited = methods::uploads();
        unlimited.extend(unhurried.iter().map(ToString::to_string));
        Self { limit, unlimited: Arc::new(unlimited) }
    }

    fn of(&self, path: &str, headers: &HeaderMap) -> Option<Duration> {
        let own = (!self.unlimited.contains(path)).then_some(self.limit);
        let asked = asked(headers).map(|asked| asked.saturating_sub(HEAD_START.min(asked / 10)));
        own.into_iter().chain(asked).min()
    }
}

/// Gives a call up when it takes too long.
pub async fn within_deadline(State(deadline): State<Deadline>, request: Request, next: Next) -> Response {
    let Some(limit) = deadline.of(request.uri().path(), request.headers()) else {
        return next.run(request).await;
    };
    match time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => status_of(&faults::too_slow(limit)).into_http(),
    }
}

/// The client's deadline: at most eight digits and a unit. One that cannot be read is none.
fn asked(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(number * 3_600)),
        "M" => Some(Duration::from_secs(number * 60)),
        "S" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_millis(number)),
        "u" => Some(Duration::from_micros(number)),
        "n" => Some(Duration::from_nanos(number)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNARY: &str = "/artifactstore.v1.PackageService/GetPackage";
    const STREAM: &str = "/artifactstore.v1.EventService/Tail";
    const UPLOAD: &str = "/artifactstore.v1.PackageService/IngestFile";
    const UNHURRIED: &str = "/artifactstore.v1.DataPlaneService/VerifyObject";

    fn limit(path: &str, timeout: Option<&str>) -> Option<Duration> {
        let header = timeout.map(|text| ("grpc-timeout".parse().unwrap(), text.parse().unwrap()));
        Deadline::new(Duration::from_secs(30), &[UNHURRIED]).of(path, &header.into_iter().collect())
    }

    #[test]
    fn every_answer_has_to_begin_in_time_but_that_to_an_upload() {
        assert_eq!(limit(UNARY, None), Some(Duration::from_secs(30)));
        assert_eq!(limit(STREAM, None), Some(Duration::from_secs(30)));
        assert_eq!(limit(UPLOAD, None), None);
        assert_eq!(limit(UNHURRIED, None), None);
    }

    #[test]
    fn the_shorter_of_both_deadlines_counts() {
        assert_eq!(limit(UNARY, Some("1H")), Some(Duration::from_secs(30)));
        assert_eq!(limit(UNARY, Some("5S")), Some(Duration::from_millis(4_980)));
        assert_eq!(limit(STREAM, Some("100m")), Some(Duration::from_millis(90)));
        assert_eq!(limit(UPLOAD, Some("0n")), Some(Duration::ZERO));
    }

    #[test]
    fn a_deadline_that_cannot_be_read_is_none() {
        for text in ["", "S", "5", "5s", "-1S", "+1S", "123456789S", "5é"] {
            assert_eq!(limit(UNARY, Some(text)), limit(UNARY, None), "{text}");
        }
    }
}
