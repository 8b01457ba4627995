//! Requests that no typed client sends: each is refused with a code, nothing is kept, and the server goes on.

use artifactstore_types::{Category, Outcome};
use artifactstore_wire::{
    codes, fault_of_status, limits,
    v1::{
        self, event_service_client::EventServiceClient, ingest_file_request::Part,
        package_service_client::PackageServiceClient,
    },
};
use futures::{future::BoxFuture, stream};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status, codegen::http::uri::PathAndQuery};

use super::{fake::Ending, *};

type Client = PackageServiceClient<Channel>;

const ID: &str = "00000000-0000-7000-8000-000000000000";

fn good_package() -> v1::NewPackage {
    artifactstore_testkit::new_package("run 7").into()
}

fn good_upload() -> v1::Upload {
    v1::Upload { package_id: ID.to_owned(), actor: "a tester".to_owned(), replace: false, idempotency_key: None }
}

fn header(path: &str) -> v1::FileHeader {
    v1::FileHeader { relative_path: path.to_owned(), ..v1::FileHeader::default() }
}

/// Makes the calls of a service with fields that are refused, and gives the field that each must name.
macro_rules! refused {
    ($($name:ident: $call:ident($request:expr) => $field:literal;)+) => {$(
        #[tokio::test]
        async fn $name() {
            let running = running(Fake::new().0).await;
            let call: fn(Client) -> BoxFuture<'static, Result<(), Status>> =
                |mut client| Box::pin(async move { client.$call($request).await.map(|_| ()) });
            let fault = fault_of_status(&call(running.raw().await).await.unwrap_err());
            assert_eq!((fault.code.as_ref(), fault.category, fault.outcome), (codes::FIELD, Category::Invalid, Outcome::NotApplied));
            assert_eq!(fault.subject.as_deref(), Some($field));
        }
    )+};
}

refused! {
    refuses_a_package_without_an_actor:
        create_package(v1::CreatePackageRequest { actor: String::new(), package: Some(good_package()), ..Default::default() }) => "actor";
    refuses_a_package_that_is_missing:
        create_package(v1::CreatePackageRequest { actor: "a".to_owned(), ..Default::default() }) => "package";
    refuses_a_package_without_a_name:
        create_package(v1::CreatePackageRequest {
            actor: "a".to_owned(),
            package: Some(v1::NewPackage { name: String::new(), ..good_package() }),
            ..Default::default()
        }) => "package.name";
    refuses_metadata_that_is_too_large:
        create_package(v1::CreatePackageRequest {
            actor: "a".to_owned(),
            package: Some(v1::NewPackage {
                metadata: [(
                    "log".to_owned(),
                    v1::Value { kind: Some(v1::value::Kind::TextValue("x".repeat(1_000_000))) },
                )].into(),
                ..good_package()
            }),
            ..Default::default()
        }) => "package.metadata";
    refuses_a_plan_for_what_is_no_package:
        plan_upload(v1::PlanUploadRequest { package_id: "7".to_owned(), files: Vec::new() }) => "package_id";
    refuses_a_plan_with_a_bad_digest:
        plan_upload(v1::PlanUploadRequest {
            package_id: ID.to_owned(),
            files: vec![
                v1::PlannedFile::default(),
                v1::PlannedFile { size_bytes: 1, content_address: Some("blake3:zz".to_owned()) },
            ],
        }) => "files[1].content_address";
    refuses_a_plan_of_too_many_files:
        plan_upload(v1::PlanUploadRequest {
            package_id: ID.to_owned(),
            files: vec![v1::PlannedFile::default(); limits::PLANNED_FILES + 1],
        }) => "files";
    refuses_a_commit_of_too_many_files:
        commit_files(v1::CommitFilesRequest {
            upload: Some(good_upload()),
            files: vec![v1::KnownFile::default(); limits::COMMITTED_FILES + 1],
            ..Default::default()
        }) => "files";
    refuses_a_commit_without_an_upload:
        commit_files(v1::CommitFilesRequest::default()) => "upload";
    refuses_a_commit_to_a_path_that_climbs:
        commit_files(v1::CommitFilesRequest {
            upload: Some(good_upload()),
            files: vec![v1::KnownFile {
                header: Some(header("a/../../b")),
                content_address: artifactstore_types::ContentAddress::of(b"").to_string(),
            }],
            ..Default::default()
        }) => "files[0].header.relative_path";
    refuses_to_finalize_what_is_no_package:
        finalize_package(v1::FinalizePackageRequest { actor: "a".to_owned(), package_id: "../..".to_owned() }) => "package_id";
    refuses_to_fail_without_an_actor:
        fail_package(v1::FailPackageRequest { actor: "\n".to_owned(), package_id: ID.to_owned(), reason: "x".to_owned() })
        => "actor";
    refuses_to_load_what_is_no_package:
        get_package(v1::GetPackageRequest { package_id: ID.to_uppercase() + "F" }) => "package_id";
    refuses_a_listing_by_a_status_that_is_none:
        list_packages(v1::ListPackagesRequest {
            filter: Some(v1::PackageFilter { status: 77, ..v1::PackageFilter::default() }),
            ..v1::ListPackagesRequest::default()
        }) => "filter.status";
    refuses_a_listing_of_files_of_no_package:
        list_files(v1::ListFilesRequest::default()) => "package_id";
    refuses_a_manifest_in_a_format_that_is_none:
        get_manifest(v1::GetManifestRequest { package_id: ID.to_owned(), format: 9 }) => "format";
    refuses_a_download_of_a_path_that_is_absolute:
        download(v1::DownloadRequest {
            package_id: ID.to_owned(),
            relative_path: "/etc/passwd".to_owned(),
            ..Default::default()
        }) => "relative_path";
    refuses_to_verify_what_is_no_package:
        verify_package(v1::VerifyPackageRequest::default()) => "package_id";
}

#[tokio::test]
async fn refuses_a_tail_of_what_is_no_namespace_or_type() {
    let running = running(Fake::new().0).await;
    let mut events = EventServiceClient::new(running.channel().await);
    let filter = v1::EventFilter { types: vec!["v1 created".to_owned()], subject_id: None };
    for (request, field) in [
        (v1::TailRequest { namespace: "../x".to_owned(), ..v1::TailRequest::default() }, "namespace"),
        (v1::TailRequest { filter: Some(filter), ..v1::TailRequest::default() }, "filter.types"),
    ] {
        let fault = fault_of_status(&events.tail(request).await.unwrap_err());
        assert_eq!(fault.subject.as_deref(), Some(field));
    }
}

#[tokio::test]
async fn a_page_token_from_elsewhere_is_the_stores_to_refuse() {
    let running = running(Fake::new().0).await;
    let page_token = "\u{fffd}garbage".repeat(100);
    let request = v1::ListPackagesRequest { page_token, ..v1::ListPackagesRequest::default() };
    let fault = fault_of_status(&running.raw().await.list_packages(request).await.unwrap_err());
    assert_eq!((fault.code.as_ref(), fault.category), ("AS-TEST-0003", Category::Invalid));
}

fn file_part(part: Part) -> v1::IngestFileRequest {
    v1::IngestFileRequest { part: Some(part) }
}

fn file_header_part(package_id: &str, path: &str) -> v1::IngestFileRequest {
    let upload = Some(v1::Upload { package_id: package_id.to_owned(), ..good_upload() });
    file_part(Part::Header(v1::IngestFileHeader { upload, file: Some(header(path)) }))
}

#[tokio::test]
async fn refuses_uploads_whose_parts_are_out_of_order() {
    let running = running(Fake::new().0).await;
    let package = running.package().await.to_string();
    let chunk = || file_part(Part::Chunk(b"abc".as_slice().into()));
    let end = |size_bytes| file_part(Part::End(v1::IngestFileEnd { size_bytes }));
    let head = || file_header_part(&package, "a");
    let nothing = || v1::IngestFileRequest { part: None };
    for (parts, code) in [
        (vec![], codes::ORDER),
        (vec![nothing()], codes::FIELD),
        (vec![chunk(), head(), end(3)], codes::ORDER),
        (vec![end(0)], codes::ORDER),
        (vec![head(), head(), end(0)], codes::ORDER),
        (vec![head(), chunk()], codes::TRUNCATED),
        (vec![head(), chunk(), end(4)], codes::FIELD),
        (vec![head(), chunk(), end(3), chunk()], codes::ORDER),
        (vec![file_header_part("7", "a"), end(0)], codes::FIELD),
        (vec![file_header_part(&package, "../a"), end(0)], codes::FIELD),
    ] {
        let told = format!("{parts:?}");
        let status = running.raw().await.ingest_file(stream::iter(parts)).await.unwrap_err();
        assert_eq!(fault_of_status(&status).code, code, "{told}");
    }
    assert_eq!(running.fake.file_count(), 0);
}

#[tokio::test]
async fn refuses_a_chunk_that_is_larger_than_a_message() {
    let running = running(Fake::new().0).await;
    let package = running.package().await.to_string();
    let chunk = file_part(Part::Chunk(vec![0; limits::MESSAGE_BYTES + 1].into()));
    let parts = vec![file_header_part(&package, "a"), chunk];
    let status = running.raw().await.ingest_file(stream::iter(parts)).await.unwrap_err();
    assert_eq!(fault_of_status(&status).code, codes::TOO_LARGE);
}

#[tokio::test]
async fn refuses_small_files_before_an_upload() {
    let running = running(Fake::new().0).await;
    let file = v1::SmallFile { header: Some(header("a")), content: b"a".as_slice().into() };
    let part = Some(v1::ingest_files_request::Part::File(file));
    let parts = stream::iter([v1::IngestFilesRequest { part }]);
    let status = running.raw().await.ingest_files(parts).await.unwrap_err();
    assert_eq!(fault_of_status(&status).code, codes::ORDER);
}

#[tokio::test]
async fn a_client_that_goes_away_leaves_no_file() {
    let (fake, mut endings) = Fake::new();
    let running = running(fake).await;
    let package = running.package().await.to_string();
    // Dropping the call resets the stream; dropping the channel as well, the connection.
    for keep_connection in [true, false] {
        let (parts, queued) = mpsc::channel(8);
        let mut client = running.raw().await;
        let kept = keep_connection.then(|| client.clone());
        let call = tokio::spawn(async move { client.ingest_file(ReceiverStream::new(queued)).await });
        parts.send(file_header_part(&package, "a")).await.unwrap();
        parts.send(file_part(Part::Chunk(vec![7; 300_000].into()))).await.unwrap();
        // Wait until the chunk is on its way, so that the store is reading when the client goes.
        while parts.capacity() < parts.max_capacity() {
            tokio::task::yield_now().await;
        }
        call.abort();
        let _ = call.await;
        match endings.recv().await {
            Some(Ending::Dropped | Ending::Failed(_)) => {}
            other => panic!("{other:?}"),
        }
        drop(kept);
    }
    assert_eq!(running.fake.file_count(), 0);
}

#[tokio::test]
async fn a_stream_that_is_half_closed_without_its_end_leaves_no_file() {
    let (fake, mut endings) = Fake::new();
    let running = running(fake).await;
    let package = running.package().await.to_string();
    let parts = vec![file_header_part(&package, "a"), file_part(Part::Chunk(b"abc".as_slice().into()))];
    let fault = fault_of_status(&running.raw().await.ingest_file(stream::iter(parts)).await.unwrap_err());
    assert_eq!((fault.code.as_ref(), fault.category), (codes::TRUNCATED, Category::Cancelled));
    assert!(matches!(endings.recv().await, Some(Ending::Failed(fault)) if fault.code == codes::TRUNCATED));
    assert_eq!(running.fake.file_count(), 0);
}

/// Calls a method with bytes of one's own choosing.
async fn called(running: &Running, method: &'static str, bytes: Vec<u8>) -> Status {
    let mut grpc = tonic::client::Grpc::new(running.channel().await);
    grpc.ready().await.unwrap();
    let path = PathAndQuery::from_static(method);
    grpc.unary(tonic::Request::new(bytes), path, raw::BytesCodec).await.unwrap_err()
}

#[tokio::test]
async fn a_request_that_is_not_protobuf_is_refused_with_a_code() {
    let running = running(Fake::new().0).await;
    for bytes in [vec![0xff; 64], vec![0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f], vec![0x0a, 0x02, 0xc3, 0x28]] {
        let status = called(&running, "/artifactstore.v1.PackageService/GetPackage", bytes).await;
        let fault = fault_of_status(&status);
        assert_eq!((status.code(), fault.code.as_ref()), (Code::InvalidArgument, codes::MALFORMED));
    }
}

#[tokio::test]
async fn values_nested_beyond_any_bound_are_refused_with_a_code() {
    let running = running(Fake::new().0).await;
    // A list in a list in a list …: field 5 of Value holds field 1 of ValueList holds a Value.
    let mut value = Vec::new();
    for _ in 0..20_000 {
        for tag in [0x0a, 0x2a] {
            let mut outer = vec![tag];
            prost::encoding::encode_varint(value.len() as u64, &mut outer);
            outer.append(&mut value);
            value = outer;
        }
    }
    let mut request = vec![0x12];
    prost::encoding::encode_varint(value.len() as u64, &mut request);
    request.append(&mut value);
    let status = called(&running, "/artifactstore.v1.PackageService/CreatePackage", request).await;
    assert_eq!(status.code(), Code::InvalidArgument);
}

#[tokio::test]
async fn a_method_that_does_not_exist_is_refused_with_a_code() {
    let running = running(Fake::new().0).await;
    for method in ["/artifactstore.v1.PackageService/DropAll", "/artifactstore.v2.PackageService/GetPackage", "/"] {
        let status = called(&running, method, Vec::new()).await;
        assert_eq!(
            (status.code(), fault_of_status(&status).code.as_ref()),
            (Code::Unimplemented, codes::UNKNOWN_METHOD)
        );
    }
}

#[tokio::test]
async fn a_request_larger_than_a_message_is_refused_with_a_code() {
    let running = running(Fake::new().0).await;
    let path = "/artifactstore.v1.PackageService/GetPackage";
    let status = called(&running, path, vec![0; limits::MESSAGE_BYTES + 1]).await;
    assert_eq!((status.code(), fault_of_status(&status).code.as_ref()), (Code::ResourceExhausted, codes::TOO_LARGE));
}

#[tokio::test]
async fn bytes_that_are_not_http2_do_not_disturb_others() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let running = running(Fake::new().0).await;
    let mut socket = tokio::net::TcpStream::connect(running.grpc).await.unwrap();
    socket.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    // The server hangs up, with or without a word.
    let _ = socket.read_to_end(&mut answer).await;
    assert!(running.remote.health().await.is_ok());
}

mod raw {
    //! Sends bytes as they are; whatever is answered is dropped.

    use bytes::{Buf as _, BufMut as _};
    use tonic::{
        Status,
        codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    };

    pub struct BytesCodec;

    impl Codec for BytesCodec {
        type Encode = Vec<u8>;
        type Decode = ();
        type Encoder = Self;
        type Decoder = Self;

        fn encoder(&mut self) -> Self {
            Self
        }

        fn decoder(&mut self) -> Self {
            Self
        }
    }

    impl Encoder for BytesCodec {
        type Item = Vec<u8>;
        type Error = Status;

        fn encode(&mut self, item: Vec<u8>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
            buffer.put_slice(&item);
            Ok(())
        }
    }

    impl Decoder for BytesCodec {
        type Item = ();
        type Error = Status;

        fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<()>, Status> {
            buffer.advance(buffer.remaining());
            Ok(Some(()))
        }
    }
}
