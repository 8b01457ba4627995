//! Faults: what a caller may read off one.

use std::collections::HashSet;

use artifactstore_types::{Category, Fault, Outcome, Retry};

#[test]
fn the_category_decides_the_retry_unless_said_otherwise() {
    for category in Category::ALL {
        let expected = match category {
            Category::Unavailable | Category::DeadlineExceeded => Retry::SameRequest,
            Category::Conflict => Retry::AfterReload,
            _ => Retry::Never,
        };
        let fault = Fault::new("AS-TEST-0001", category, "no");
        assert_eq!((fault.retry, fault.outcome), (expected, Outcome::NotApplied), "{category:?}");
        assert_eq!(fault.with_retry(Retry::SameRequest).retry, Retry::SameRequest);
    }
}

#[test]
fn its_text_names_the_code_the_message_and_the_subject() {
    let fault = Fault::new("AS-TEST-0001", Category::NotFound, "load package: no such package");
    assert_eq!(fault.to_string(), "AS-TEST-0001: load package: no such package");
    assert_eq!(fault.about("p1").to_string(), "AS-TEST-0001: load package: no such package (p1)");
}

#[test]
fn an_unknown_outcome_is_kept() {
    let fault = Fault::new("AS-TEST-0001", Category::Unavailable, "append events: connection lost");
    assert_eq!(fault.with_unknown_outcome().outcome, Outcome::Unknown);
}

#[test]
fn every_category_is_listed_once_and_is_a_failure_everywhere() {
    let distinct: HashSet<_> = Category::ALL.into_iter().collect();
    assert_eq!(distinct.len(), Category::ALL.len());
    for category in Category::ALL {
        assert!((400..600).contains(&category.http_status()), "{category:?}");
        assert_ne!(category.exit_code(), 0, "{category:?}");
    }
}
