//! Listings are whole, however many pages they take.

use artifactstore_types::{RelativePath, Upload};

use super::*;
use crate::fake::{Fake, new_package, small_file};

/// More than two full pages.
const MANY: usize = 2_500;

#[tokio::test]
async fn every_file_of_many_pages_is_listed_once_and_in_order() {
    let fake = Fake::default();
    let actor = "somebody".parse().unwrap();
    let package_id = fake.create_package(&actor, new_package(), None).await.unwrap().package_id;
    let upload = Upload { package_id, actor, replace: false, idempotency_key: None };
    let files = (0..MANY).map(|index| small_file(&format!("{index:05}"), b""));
    let added = fake.ingest_files(&upload, stream::iter(files.collect::<Vec<_>>()).boxed());
    assert_eq!(added.filter(|it| futures::future::ready(it.is_ok())).count().await, MANY);
    let listed: Vec<_> = list_all_files(&fake.connection(), package_id).try_collect().await.unwrap();
    let paths: Vec<RelativePath> = listed.into_iter().map(|file| file.relative_path).collect();
    assert!(paths.len() == MANY && paths.is_sorted_by(|a, b| a < b));
}

#[tokio::test]
async fn every_package_of_many_pages_is_listed_once() {
    let fake = Fake::default();
    for _ in 0..MANY {
        fake.create_package(&"somebody".parse().unwrap(), new_package(), None).await.unwrap();
    }
    let listed: Vec<_> = list_all_packages(&fake.connection(), PackageFilter::default()).try_collect().await.unwrap();
    let mut ids: Vec<_> = listed.into_iter().map(|package| package.package_id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), MANY);
}
