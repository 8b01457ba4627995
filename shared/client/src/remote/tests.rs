//! Stores that are not there or break off, and addresses that are none. What a store answers is tested where one is
//! served.

use std::net::TcpListener;

use artifactstore_types::{Outcome, Retry};
use futures::StreamExt as _;

use super::*;

/// A store at a port that nobody listens on.
fn nowhere() -> Remote {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    Remote::connect(&format!("http://{address}"), RemoteOptions::default()).unwrap()
}

#[tokio::test]
async fn refuses_addresses_that_are_no_http_urls() {
    let fault = Remote::connect("http://a:1,ftp://b:2", RemoteOptions::default()).unwrap_err();
    assert_eq!((fault.code.as_ref(), fault.subject.as_deref()), ("AS-CLIENT-0101", Some("ftp://b:2")));
    for endpoint in ["", "127.0.0.1:7070", "https://store.example", "unix:///run/store", "http://", "http://a b"] {
        let fault = Remote::connect(endpoint, RemoteOptions::default()).unwrap_err();
        assert_eq!((fault.code.as_ref(), fault.subject.as_deref()), ("AS-CLIENT-0101", Some(endpoint)));
    }
}

#[tokio::test]
async fn a_store_that_is_not_there_has_changed_nothing_and_may_be_asked_again() {
    let fault = nowhere().health().await.unwrap_err();
    assert_eq!(
        (fault.code.as_ref(), fault.category, fault.retry, fault.outcome),
        ("AS-WIRE-0010", Category::Unavailable, Retry::SameRequest, Outcome::NotApplied)
    );
}

#[tokio::test]
async fn reaching_a_store_that_is_not_there_says_so_at_once_and_why() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let endpoint = format!("http://{address}");
    let fault = Remote::reach(&endpoint, RemoteOptions::default()).await.unwrap_err();
    assert_eq!(
        (fault.code.as_ref(), fault.outcome, fault.subject.as_deref()),
        ("AS-WIRE-0010", Outcome::NotApplied, Some(endpoint.as_str()))
    );
    assert!(fault.message.contains("refused"), "{fault}");
    let several = format!("{endpoint},{endpoint}");
    let fault = Remote::reach(&several, RemoteOptions::default()).await.unwrap_err();
    assert_eq!((fault.code.as_ref(), fault.subject.as_deref()), ("AS-WIRE-0010", Some(several.as_str())));
    let refused = Remote::reach("https://store.example", RemoteOptions::default()).await.unwrap_err();
    assert_eq!(refused.code, "AS-CLIENT-0101");
}

#[tokio::test]
async fn another_control_plane_is_asked_from_the_first_call_on_that_did_not_get_through() {
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let other = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let both = format!("http://{gone}, http://{}", other.local_addr().unwrap());
    let both = Remote::connect(&both, RemoteOptions::default()).unwrap();
    assert_eq!(both.health().await.unwrap_err().category, Category::Unavailable);
    tokio::select! {
        asked = other.accept() => assert!(asked.is_ok()),
        answered = both.health() => panic!("nobody answers there: {answered:?}"),
    }
}

#[tokio::test]
async fn a_stream_from_a_store_that_is_not_there_is_one_fault() {
    let events: Vec<_> = nowhere().tail(TailRequest::default()).collect().await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].as_ref().unwrap_err().category, Category::Unavailable);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_does_not_answer_is_given_up_in_time() {
    // Connections are accepted by the operating system; nobody reads them.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    let fault = Remote::connect(&endpoint, RemoteOptions::default()).unwrap().health().await.unwrap_err();
    assert_eq!(fault.outcome, Outcome::Unknown);
    assert!(matches!(fault.category, Category::DeadlineExceeded | Category::Unavailable), "{fault:?}");
}
