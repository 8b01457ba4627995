//! Faults survive the trip through a status, and statuses of any make become faults.

use proptest::prelude::*;
use tonic::metadata::MetadataMap;

use super::*;
use crate::CODES;

fn text() -> impl Strategy<Value = String> {
    // Up to 256 characters of up to four bytes each, control characters and line ends among them.
    proptest::collection::vec(any::<char>(), 0..=256).prop_map(String::from_iter)
}

prop_compose! {
    fn fault()(
        number in 0..10_000_u16,
        category in proptest::sample::select(&Category::ALL[..]),
        retry in proptest::sample::select(&ALL_RETRIES[..]),
        outcome in proptest::sample::select(&[Outcome::NotApplied, Outcome::Unknown][..]),
        subject in proptest::option::of(text()),
        message in text(),
    ) -> Fault {
        Fault { code: Cow::Owned(format!("AS-WIRE-{number:04}")), category, retry, outcome, subject, message }
    }
}

/// The status as it arrives after a trip through HTTP headers.
fn sent(status: &Status) -> Status {
    let http = status.clone().into_http::<()>();
    Status::from_header_map(http.headers()).expect("a status")
}

proptest! {
    #[test]
    fn a_fault_comes_back_from_the_status_that_tells_it(fault in fault()) {
        prop_assert_eq!(fault_of_status(&sent(&status_of(&fault))), fault);
    }

    #[test]
    fn a_fault_comes_back_from_the_message_that_tells_it(fault in fault()) {
        prop_assert_eq!(Fault::try_from(crate::v1::Fault::from(fault.clone())).unwrap(), fault);
    }

    #[test]
    fn any_status_is_some_fault(code in 0..20_i32, message in text(), details in any::<Vec<u8>>()) {
        let status = Status::with_details(Code::from(code), message, details.into());
        let fault = fault_of_status(&status);
        prop_assert!(CODES.iter().any(|(code, _)| *code == fault.code));
    }

    #[test]
    fn texts_of_any_length_leave_headers_that_clients_accept(
        subject in proptest::option::of("\\PC{0,3000}"),
        message in "\\PC{0,3000}",
    ) {
        let mut fault = Fault::new(codes::FIELD, Category::Unavailable, message.clone());
        fault.subject = subject;
        let http = status_of(&fault).into_http::<()>();
        let bytes: usize = http.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum();
        prop_assert!(bytes < 16_384, "{bytes}");
        prop_assert!(message.starts_with(&fault_of_status(&sent(&status_of(&fault))).message));
    }
}

#[test]
fn each_category_has_a_status_code_of_its_own() {
    for category in Category::ALL {
        assert_eq!(category_of(code_of(category)), category);
    }
}

#[test]
fn a_refused_field_is_a_field_violation() {
    let details = status_of(&crate::field::refused("package.name", "it is empty")).get_error_details();
    let violations = &details.bad_request().expect("violations").field_violations;
    assert_eq!(violations[0].field, "package.name");
    assert!(violations[0].description.contains("it is empty"));
    assert!(details.resource_info().is_none());
}

#[test]
fn what_may_be_tried_again_says_when_and_about_what() {
    let fault = Fault::new("AS-STORE-0003", Category::Unavailable, "database does not answer").about("primary");
    let details = status_of(&fault).get_error_details();
    assert_eq!(details.retry_info().expect("advice").retry_delay, Some(RETRY_DELAY));
    assert_eq!(details.resource_info().expect("subject").resource_name, "primary");
    let info = details.error_info().expect("info");
    assert_eq!((info.reason.as_str(), info.domain.as_str()), ("AS-STORE-0003", "artifactstore"));
}

#[test]
fn details_of_another_domain_are_not_taken_for_ours() {
    let details = ErrorDetails::with_error_info("AS-STORE-0003", "example.org", HashMap::new());
    let status = Status::with_error_details(Code::NotFound, "no such bucket", details);
    assert_eq!(fault_of_status(&status).code, codes::FOREIGN);
    assert_eq!(fault_of_status(&status).category, Category::NotFound);
}

#[test]
fn words_of_a_newer_store_leave_the_outcome_open() {
    let metadata = HashMap::from([("retry".to_owned(), "tomorrow".to_owned())]);
    let details = ErrorDetails::with_error_info("AS-STORE-9999", DOMAIN, metadata);
    let fault = fault_of_status(&Status::with_error_details(Code::Aborted, "changed", details));
    assert_eq!((fault.retry, fault.outcome), (Retry::AfterReload, Outcome::Unknown));
}

#[test]
fn a_broken_connection_may_be_tried_again_and_leaves_the_outcome_open() {
    let fault = fault_of_status(&Status::from_error("reset by peer".into()));
    assert_eq!(
        (fault.code.as_ref(), fault.retry, fault.outcome),
        (codes::UNREACHED, Retry::SameRequest, Outcome::Unknown)
    );
}

#[test]
fn a_refused_connection_has_changed_nothing() {
    let fault = fault_of_status(&Status::from_error(Box::new(ConnectError("connection refused".into()))));
    assert_eq!((fault.code.as_ref(), fault.outcome), (codes::UNREACHED, Outcome::NotApplied));
}

#[test]
fn a_deadline_kept_by_the_transport_is_a_deadline() {
    let fault = fault_of_status(&Status::from_error(Box::new(TimeoutExpired(()))));
    assert_eq!((fault.code.as_ref(), fault.category), (codes::DEADLINE, Category::DeadlineExceeded));
}

#[test]
fn a_request_that_cannot_be_read_is_the_senders_fault() {
    let read = |code| fault_of_request(&Status::with_metadata(code, "decoding failed", MetadataMap::new()));
    assert_eq!(
        (read(Code::Internal).code.as_ref(), read(Code::Internal).category),
        (codes::MALFORMED, Category::Invalid)
    );
    assert_eq!(read(Code::OutOfRange).code, codes::TOO_LARGE);
    assert_eq!(read(Code::Cancelled).code, codes::TRUNCATED);
    assert_eq!(read(Code::Internal).outcome, Outcome::NotApplied);
}
