//! What is said of a call: its id in the answer, and one line in the log that names it and shows nothing it carried.

use std::{
    io,
    sync::{Arc, Mutex},
};

use artifactstore_kit::{LogFormat, telemetry};
use artifactstore_testkit::{file_header, package_id, upload};
use artifactstore_wire::v1;
use futures::{StreamExt as _, stream};
use tonic::Request;

use super::*;

#[tokio::test]
async fn an_answer_carries_the_id_of_its_request() {
    let running = running(Fake::new().0).await;
    let package_id = running.package().await.to_string();
    let mut raw = running.raw().await;
    let mut ask = async |id: Option<&str>| {
        let mut request = Request::new(v1::GetPackageRequest { package_id: package_id.clone() });
        if let Some(id) = id {
            request.metadata_mut().insert("x-request-id", id.parse().unwrap());
        }
        let answer = raw.get_package(request).await.unwrap();
        answer.metadata().get("x-request-id").unwrap().to_str().unwrap().to_owned()
    };
    assert_eq!(ask(Some("build-7/step-3")).await, "build-7/step-3");
    let made: uuid::Uuid = ask(None).await.parse().unwrap();
    assert_eq!(made.get_version_num(), 7);
    let long = "x".repeat(1_000);
    assert_ne!(ask(Some(&long)).await, long);
    assert_ne!(ask(Some("two words")).await, "two words");
}

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Written {
    /// The lines so far that hold `text`.
    fn lines(&self, text: &str) -> Vec<serde_json::Value> {
        let written = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        let lines = written.lines().filter(|line| line.contains(text));
        lines.map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The one line that reports a call of `method`, as soon as it is there.
    async fn report(&self, method: &str) -> serde_json::Value {
        loop {
            if let [line] = self.lines(method).as_slice() {
                return line.clone();
            }
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn a_call_is_one_line_that_names_it_and_shows_nothing_it_carried() {
    let written = Written::default();
    let writer = written.clone();
    let subscriber = telemetry::subscriber(&"info".parse().unwrap(), LogFormat::Json, false, move || writer.clone());
    // The server runs on this thread, too.
    let _subscribed = tracing::subscriber::set_default(subscriber);
    let running = running(Fake::new().0).await;

    let package = running.package().await;
    let content = stream::iter([Ok("sensitive content".into())]).boxed();
    running.remote.ingest_file(&upload(package), file_header("sensitive path"), content).await.unwrap();
    running.remote.load_package(package_id(99)).await.unwrap_err();

    for (method, code) in [("CreatePackage", "Ok"), ("IngestFile", "Ok"), ("GetPackage", "NotFound")] {
        let line = written.report(method).await;
        assert_eq!((line["level"].as_str(), line["code"].as_str()), (Some("INFO"), Some(code)), "{line}");
        assert!(line["micros"].is_u64() && line["span"]["request_id"].is_string(), "{line}");
        assert!(line["span"]["peer"].as_str().unwrap().starts_with("127.0.0.1:"), "{line}");
    }
    assert!(written.lines("sensitive").is_empty());
}

#[tokio::test]
async fn a_defect_is_an_error_in_the_log() {
    let written = Written::default();
    let writer = written.clone();
    let subscriber = telemetry::subscriber(&"info".parse().unwrap(), LogFormat::Json, false, move || writer.clone());
    let _subscribed = tracing::subscriber::set_default(subscriber);
    let running = running(Fake::new().0).await;
    running.remote.load_package(fake::defective()).await.unwrap_err();
    assert_eq!(written.report("GetPackage").await["level"], "ERROR");
}
