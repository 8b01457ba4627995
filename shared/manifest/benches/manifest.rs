//! The cost of a manifest of 10,000 files, with as many receipts: `cargo bench -p artifactstore-manifest`.

use std::hint::black_box;

use artifactstore_manifest::{
    FileEntry, Manifest, ManifestRefused, PackageSection, ProvenanceSection, RetentionSummary, StorageReceipt, cbor,
    digest,
};
use artifactstore_types::{
    Actor, Algorithm, BackendId, ClassName, ContentAddress, Location, MediaType, Metadata, Name, Namespace, NodeId,
    PackageId, Producer, Provenance, RelativePath, Subject, Timestamp,
};
use criterion::{Criterion, Throughput};
use uuid::Uuid;

const FILES: u64 = 10_000;

fn manifest() -> Result<Manifest, Box<dyn std::error::Error>> {
    let at = Timestamp::from_micros(1_770_000_000_123_456)?;
    let (backend, node) = (BackendId::new("rgw-a")?, NodeId::new("node-a")?);
    let (mut files, mut receipts) = (Vec::new(), Vec::new());
    for n in 0..FILES {
        let content = n.to_be_bytes();
        let content_address = ContentAddress::of(&content);
        files.push(FileEntry {
            relative_path: RelativePath::new(format!("artifacts/group-{:03}/check-{n:05}/result.json", n % 100))?,
            media_type: MediaType::new("application/json")?,
            size_bytes: 4096,
            content_address,
            sha256: Algorithm::Sha256.digest(&content),
            executable: false,
        });
        let key = format!("packs/{:04}", n / 256);
        let location = Location { backend_id: backend.clone(), key, offset: n % 256 * 4096, length: 4096 };
        receipts.push(StorageReceipt { content_address, location, node_id: node.clone(), stored_at: at });
    }
    let package = PackageSection {
        id: PackageId::new(Uuid::from_u128(1)),
        namespace: Namespace::default(),
        name: Name::new("run")?,
        producer: Producer::new("guide-board")?,
        subject: Subject::new("open-cmis-tck")?,
        kind: None,
        created_at: at,
        finalized_at: at,
        metadata: Metadata::new(),
    };
    let retention = RetentionSummary { class: ClassName::new("raw-evidence")?, expires_at: Some(at) };
    let provenance = ProvenanceSection { actor: Actor::new("ci")?, origin: Provenance::default() };
    Ok(Manifest::new(package, files, receipts, retention, provenance)?)
}

/// The same manifest from files and receipts in another order, with at most so many receipts.
fn rebuilt(manifest: &Manifest, receipts: usize) -> Result<Manifest, ManifestRefused> {
    Manifest::new(
        manifest.package().clone(),
        manifest.files().iter().rev().cloned().collect(),
        manifest.storage_receipts().iter().rev().take(receipts).cloned().collect(),
        manifest.retention_summary().clone(),
        manifest.provenance().clone(),
    )
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let manifest = manifest()?;
    let files_alone = rebuilt(&manifest, 0)?;
    let (bytes, json) = (manifest.encode(), manifest.jcs());
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("manifest of 10,000 files");
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function("build and sort", |bench| bench.iter(|| rebuilt(black_box(&manifest), usize::MAX)));
    group.bench_function("encode", |bench| bench.iter(|| black_box(&manifest).encode()));
    group.bench_function("encode without receipts", |bench| bench.iter(|| black_box(&files_alone).encode()));
    group.bench_function("digest", |bench| bench.iter(|| digest(black_box(&bytes))));
    group.bench_function("check", |bench| bench.iter(|| cbor::check(black_box(&bytes))));
    group.bench_function("decode", |bench| bench.iter(|| Manifest::decode(black_box(&bytes))));
    group.bench_function("to JSON", |bench| bench.iter(|| black_box(&manifest).jcs()));
    group.bench_function("from JSON", |bench| bench.iter(|| Manifest::from_jcs(black_box(&json))));
    group.finish();
    criterion.final_summary();
    Ok(())
}
