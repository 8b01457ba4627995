//! Contract events and states through a real loopback connection: what the typed client gets, and what is refused to one
//! that is not.

use artifactstore_client::{Connection as _, Contracts as _};
use artifactstore_testkit::{file_header, upload};
use artifactstore_types::{Category, ContractOrigin, ContractState, Parity};
use artifactstore_wire::{
    codes, fault_of_status, limits,
    v1::{self, append_stream_request::Part, contract_service_client::ContractServiceClient},
};
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use tonic::{Code, Status};

use super::{
    fake::{STATE_BYTES, contract_stream},
    *,
};

fn origin() -> ContractOrigin {
    ContractOrigin { namespace: "team".parse().unwrap(), actor: actor() }
}

fn envelopes(texts: &[&'static str]) -> Vec<Bytes> {
    texts.iter().map(|text| Bytes::from_static(text.as_bytes())).collect()
}

async fn raw(running: &Running) -> ContractServiceClient<Channel> {
    ContractServiceClient::new(running.channel().await)
}

#[tokio::test]
async fn events_are_appended_together_and_answered_in_order() {
    let running = running(Fake::new().0).await;
    let appended = running.remote.append_contract_events(&origin(), envelopes(&["a", "b", "a"])).await.unwrap();
    let told: Vec<_> = appended.iter().map(|event| (&*event.event_id, event.sequence, event.repeated)).collect();
    assert_eq!(told, [("a", 1, false), ("b", 2, false), ("a", 1, true)]);
    assert!(appended.iter().all(|event| event.stream == contract_stream()));
    let fault = running.remote.append_contract_events(&origin(), envelopes(&["c", ""])).await.unwrap_err();
    assert_eq!(
        (&*fault.code, fault.category, fault.subject.as_deref()),
        ("AS-TEST-0009", Category::Invalid, Some("e"))
    );
    assert_eq!(running.remote.append_contract_events(&origin(), Vec::new()).await.unwrap(), []);
}

#[tokio::test]
async fn events_of_a_stream_are_answered_each_for_itself() {
    let running = running(Fake::new().0).await;
    let sent = stream::iter(envelopes(&["a", "", "b"])).boxed();
    let answers: Vec<_> = running.remote.append_contract_stream(&origin(), sent).collect().await;
    let told: Vec<_> = answers.iter().map(|answer| answer.as_ref().map(|event| event.sequence).ok()).collect();
    assert_eq!(told, [Some(1), None, Some(2)]);
    assert_eq!(&*answers[1].as_ref().unwrap_err().code, "AS-TEST-0009");
    let none: Vec<_> = running.remote.append_contract_stream(&origin(), stream::empty().boxed()).collect().await;
    assert_eq!(none, []);
}

#[tokio::test]
async fn a_state_of_any_size_comes_whole_as_it_is_or_was() {
    let running = running(Fake::new().0).await;
    let fault = running.remote.load_contract_state(&contract_stream(), None).await.unwrap_err();
    assert_eq!(fault.category, Category::NotFound);
    running.remote.append_contract_events(&origin(), envelopes(&["a", "b", "c"])).await.unwrap();
    let head = running.remote.load_contract_state(&contract_stream(), None).await.unwrap();
    assert_eq!((head.sequence, head.event_count, head.json.len(), head.failed), (3, 3, 3 * STATE_BYTES, true));
    let before = running.remote.load_contract_state(&contract_stream(), Some(1)).await.unwrap();
    assert_eq!((before.sequence, before.json.len(), before.failed), (1, STATE_BYTES, false));
}

#[tokio::test]
async fn a_watched_state_is_told_as_it_changes_until_the_server_shuts_down() {
    let running = running(Fake::new().0).await;
    let mut states = running.remote.watch_contract_state(&contract_stream());
    let told =
        |state: Option<Result<ContractState, Fault>>| state.unwrap().map(|state| (state.sequence, state.json.len()));
    for (sequence, envelope) in [(1, "a"), (2, "b")] {
        running.remote.append_contract_events(&origin(), envelopes(&[envelope])).await.unwrap();
        let size = STATE_BYTES * usize::try_from(sequence).unwrap();
        assert_eq!(told(states.next().await), Ok((sequence, size)));
    }
    running.shutdown.request();
    let fault = told(states.next().await).unwrap_err();
    assert_eq!((&*fault.code, fault.category), ("AS-SERVER-0002", Category::Unavailable));
    drop(states);
    running.ended.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_sender_that_only_pauses_holds_no_shutdown_up() {
    let running = running(Fake::new().0).await;
    let paused = stream::iter(envelopes(&["a"])).chain(stream::pending()).boxed();
    let mut answers = running.remote.append_contract_stream(&origin(), paused);
    assert_eq!(answers.next().await.unwrap().unwrap().sequence, 1);
    running.shutdown.request();
    let fault = answers.next().await.unwrap().unwrap_err();
    assert_eq!((&*fault.code, fault.category), ("AS-SERVER-0002", Category::Unavailable));
    drop(answers);
    running.ended.await.unwrap().unwrap();
}

#[tokio::test]
async fn verdicts_come_one_a_path() {
    let running = running(Fake::new().0).await;
    let package = running.package().await;
    for path in ["a", "b"] {
        let bytes = stream::iter([Ok(Bytes::from_static(b"x"))]).boxed();
        running.remote.ingest_file(&upload(package), file_header(path), bytes).await.unwrap();
    }
    let found: Vec<_> = running.remote.verify_dossier(&contract_stream(), package).try_collect().await.unwrap();
    let found: Vec<_> = found.iter().map(|it| (&*it.path, it.parity, it.actual.is_some())).collect();
    assert_eq!(found, [("a", Parity::Unknown, true), ("b", Parity::Unknown, true)]);
}

fn refusal(status: &Status) -> (String, Option<String>) {
    let fault = fault_of_status(status);
    (fault.code.into_owned(), fault.subject)
}

#[tokio::test]
async fn malformed_requests_name_the_field() {
    let running = running(Fake::new().0).await;
    let mut client = raw(&running).await;
    let good = || Some(v1::ContractStream::from(contract_stream()));
    let field = |name: &str| (codes::FIELD.to_owned(), Some(name.to_owned()));
    let status = client.append(v1::AppendRequest::default()).await.unwrap_err();
    assert_eq!(refusal(&status), field("origin"));
    let climbing = v1::ContractOrigin { namespace: "../x".into(), actor: "a".into() };
    let status = client.append(v1::AppendRequest { origin: Some(climbing), envelopes: Vec::new() }).await.unwrap_err();
    assert_eq!(refusal(&status), field("origin.namespace"));
    let many = vec![Bytes::from_static(b"x"); limits::APPENDED_EVENTS + 1];
    let request = v1::AppendRequest { origin: Some(origin().into()), envelopes: many };
    assert_eq!(refusal(&client.append(request).await.unwrap_err()), field("envelopes"));
    let status = client.reduce(v1::ReduceRequest::default()).await.unwrap_err();
    assert_eq!(refusal(&status), field("stream"));
    let long = good().map(|stream| v1::ContractStream { key: "k".repeat(1_025), ..stream });
    let status = client.watch_state(v1::WatchStateRequest { stream: long }).await.unwrap_err();
    assert_eq!(refusal(&status), field("stream.key"));
    let request = v1::VerifyDossierRequest { stream: good(), package_id: "x".into() };
    assert_eq!(refusal(&client.verify_dossier(request).await.unwrap_err()), field("package_id"));
}

#[tokio::test]
async fn a_stream_that_breaks_is_answered_up_to_there() {
    let running = running(Fake::new().0).await;
    let mut client = raw(&running).await;
    let first = || v1::AppendStreamRequest { part: Some(Part::Origin(origin().into())) };
    let envelope = |text: &'static str| v1::AppendStreamRequest { part: Some(Part::Envelope(text.as_bytes().into())) };
    for (broken, code) in [(first(), codes::ORDER), (v1::AppendStreamRequest { part: None }, codes::FIELD)] {
        let parts = vec![first(), envelope("a"), broken, envelope("b")];
        let mut answers = client.append_stream(stream::iter(parts)).await.unwrap().into_inner();
        assert!(answers.message().await.unwrap().unwrap().decoded().unwrap().is_ok());
        assert_eq!(refusal(&answers.message().await.unwrap_err()).0, code);
    }
    let status = client.append_stream(stream::iter([envelope("a")])).await.unwrap_err();
    assert_eq!((status.code(), refusal(&status).0.as_str()), (Code::InvalidArgument, codes::ORDER));
    let status = client.append_stream(stream::iter([])).await.unwrap_err();
    assert_eq!(refusal(&status).0, codes::ORDER);
}

/// Two bytes more than an envelope may have still fit a message: the store is what refuses them. A message beyond the
/// limit never reaches it.
#[tokio::test]
async fn a_message_beyond_the_limit_is_refused_and_the_server_goes_on() {
    let running = running(Fake::new().0).await;
    let envelope = Bytes::from(vec![b'x'; limits::MESSAGE_BYTES]);
    let fault = running.remote.append_contract_events(&origin(), vec![envelope]).await.unwrap_err();
    assert_eq!(fault.category, Category::Exhausted, "{fault:?}");
    assert!(running.remote.append_contract_events(&origin(), envelopes(&["a"])).await.is_ok());
}
