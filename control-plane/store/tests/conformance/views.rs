//! Questions to the views.

use artifactstore_registry::{DEFAULT_CLASSES, Request};
use artifactstore_store::PlacedFile;
use artifactstore_testkit::word;
use artifactstore_types::{
    Category, ContentAddress, NewPackage, PackageFilter, PackageId, PackageStatus, RelativePath,
};

use crate::world::{START, World, actor, at, command, commit, file, new_package};

async fn created(world: &World, new: NewPackage, second: u64) -> PackageId {
    let package_id = world.next_package();
    let mut create = command(package_id, Request::CreatePackage(new));
    create.at = at(second);
    world.commit(create).await.unwrap();
    package_id
}

async fn listed(world: &World, filter: &PackageFilter) -> Vec<PackageId> {
    let found = world.store.list_packages(filter, None, 100).await.unwrap();
    found.into_iter().map(|record| record.package_id).collect()
}

pub async fn lists_packages_the_newest_first(world: World) {
    let mut expected = Vec::new();
    for second in [5, 1, 3, 3, 3, 9] {
        expected.push((at(second), created(&world, new_package("run"), second).await));
    }
    expected.sort_by(|left, right| right.cmp(left));
    let filter = PackageFilter::default();
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = world.store.list_packages(&filter, after, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some((last.created_at, last.package_id));
        found.extend(page.iter().map(|record| (record.created_at, record.package_id)));
    }
    assert_eq!(found, expected);
}

pub async fn lists_packages_by_what_they_are(world: World) {
    let one = created(&world, NewPackage { producer: word("ci"), ..new_package("nightly") }, 1).await;
    let two = created(&world, NewPackage { subject: word("v2"), ..new_package("nightly") }, 2).await;
    let three = created(&world, NewPackage { class: word("transient"), ..new_package("weekly") }, 3).await;
    world.commit(command(three, Request::FailPackage { reason: "aborted".into() })).await.unwrap();
    let all = PackageFilter::default;
    assert_eq!(listed(&world, &all()).await, [three, two, one]);
    assert_eq!(listed(&world, &PackageFilter { producer: Some(word("ci")), ..all() }).await, [one]);
    assert_eq!(listed(&world, &PackageFilter { subject: Some(word("v2")), ..all() }).await, [two]);
    assert_eq!(listed(&world, &PackageFilter { class: Some(word("transient")), ..all() }).await, [three]);
    assert_eq!(listed(&world, &PackageFilter { name: Some(word("nightly")), ..all() }).await, [two, one]);
    assert_eq!(listed(&world, &PackageFilter { status: Some(PackageStatus::Failed), ..all() }).await, [three]);
    let both = PackageFilter { name: Some(word("nightly")), status: Some(PackageStatus::Failed), ..all() };
    assert_eq!(listed(&world, &both).await, []);
}

pub async fn keeps_namespaces_apart(world: World) {
    let theirs = created(&world, NewPackage { namespace: word("theirs"), ..new_package("run") }, 1).await;
    world.commit(commit(theirs, vec![file("a", b"a secret")])).await.unwrap();
    let address = [ContentAddress::of(b"a secret")];
    assert_eq!(listed(&world, &PackageFilter::default()).await, []);
    assert_eq!(world.store.find_blobs(&word("default"), &address).await.unwrap(), [None]);
    assert_eq!(world.store.have_sizes(&word("default"), &[8]).await.unwrap(), [false]);
    let filter = PackageFilter { namespace: word("theirs"), ..PackageFilter::default() };
    assert_eq!(listed(&world, &filter).await, [theirs]);
    assert!(world.store.find_blobs(&word("theirs"), &address).await.unwrap()[0].is_some());
    assert_eq!(world.store.have_sizes(&word("theirs"), &[8]).await.unwrap(), [true]);
}

pub async fn lists_files_by_the_bytes_of_their_paths(world: World) {
    let mut paths = ["b", "B", "a/b", "a-b", "a0", "ä", "a\u{20ac}", "z", "Z", "\u{1f642}", "\u{fb01}", "_", "a b"];
    let package = world.package_with(&paths).await;
    world.package_with(&paths).await;
    paths.sort_unstable();
    assert_eq!(world.paths(package).await, paths);
    let (mut found, mut after) = (Vec::new(), None::<RelativePath>);
    loop {
        let page = world.store.list_files(package, after.as_ref(), 3).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.relative_path.clone());
        found.extend(page.into_iter().map(|file| file.relative_path.to_string()));
    }
    assert_eq!(found, paths);
}

pub async fn finds_files_by_path_and_by_id(world: World) {
    let package = world.package_with(&["a", "b"]).await;
    let by_path = world.store.find_file(package, &word("b")).await.unwrap().unwrap();
    assert_eq!(by_path.content_address, ContentAddress::of(b"b"));
    assert_eq!(world.store.find_file_by_id(by_path.file_id).await.unwrap(), Some(by_path));
    assert_eq!(world.store.find_file(package, &word("c")).await.unwrap(), None);
    assert_eq!(world.store.find_file(world.next_package(), &word("a")).await.unwrap(), None);
    let nobody = artifactstore_types::FileId::new(world.next_package().uuid());
    assert_eq!(world.store.find_file_by_id(nobody).await.unwrap(), None);
    assert_eq!(world.store.find_package(world.next_package()).await.unwrap(), None);
}

pub async fn finds_blobs_in_the_order_asked(world: World) {
    world.package_with(&["a", "b"]).await;
    let package = world.package_with(&["c", "b"]).await;
    let addresses: Vec<_> = ["c", "nothing", "a", "c", "b"].map(|bytes| ContentAddress::of(bytes.as_bytes())).into();
    let found = world.store.find_blobs(&word("default"), &addresses).await.unwrap();
    let found: Vec<_> = found.into_iter().map(|file| file.map(|file| file.content_address)).collect();
    let expected = [Some(addresses[0]), None, Some(addresses[2]), Some(addresses[0]), Some(addresses[4])];
    assert_eq!(found, expected);
    let many: Vec<_> = (0..10_000_u32).map(|n| ContentAddress::of(&n.to_be_bytes())).collect();
    assert!(world.store.find_blobs(&word("default"), &many).await.unwrap().iter().all(Option::is_none));
    assert_eq!(world.store.find_blobs(&word("default"), &[]).await.unwrap(), []);
    assert_eq!(world.paths(package).await, ["b", "c"]);
}

pub async fn knows_which_sizes_are_here(world: World) {
    world.package_with(&["a", "four", "four2"]).await;
    let sizes = [4, 0, 1, 5, 4, u64::MAX];
    let here = world.store.have_sizes(&word("default"), &sizes).await.unwrap();
    assert_eq!(here, [true, false, true, true, true, false]);
}

pub async fn lists_locations_by_address(world: World) {
    let package = world.package_with(&["a", "b", "c"]).await;
    let mut addresses: Vec<_> = world.files(package).await.iter().map(|file| file.content_address).collect();
    addresses.push(ContentAddress::of(b"nothing"));
    addresses.push(addresses[0]);
    let found = world.store.list_locations(&addresses).await.unwrap();
    let mut expected: Vec<_> = addresses[..3].to_vec();
    expected.sort_unstable();
    assert_eq!(found.iter().map(|stored| stored.content_address).collect::<Vec<_>>(), expected);
    let of_a = found.iter().find(|stored| stored.content_address == ContentAddress::of(b"a")).unwrap();
    assert_eq!((of_a.location.offset, of_a.location.length, of_a.stored_at), (0, 1, START));
    assert_eq!((of_a.location.backend_id.as_str(), of_a.node_id.as_str()), ("local", "embedded"));
}

pub async fn finds_no_manifest_before_there_is_one(world: World) {
    let package = world.package_with(&["a"]).await;
    assert_eq!(world.store.find_manifest(package).await.unwrap(), None);
    assert_eq!(world.store.find_manifest(world.next_package()).await.unwrap(), None);
    world.finalize(package).await;
    assert!(world.store.find_manifest(package).await.unwrap().is_some());
    assert_eq!(world.record(package).await.actor, actor());
}

pub async fn lists_the_five_classes(world: World) {
    let found = world.store.list_classes().await.unwrap();
    let mut expected: Vec<_> = DEFAULT_CLASSES.into();
    expected.sort_by_key(|class| class.name);
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert_eq!(found.name.as_str(), expected.name);
        assert_eq!(found.description, expected.description);
        assert_eq!(found.duration_seconds, expected.duration_seconds);
    }
}

pub async fn refuses_to_answer_about_too_many_items(world: World) {
    let addresses = vec![ContentAddress::of(b"x"); 10_001];
    let sizes = vec![1; 10_001];
    let faults = [
        world.store.find_blobs(&word("default"), &addresses).await.unwrap_err(),
        world.store.list_locations(&addresses).await.unwrap_err(),
        world.store.have_sizes(&word("default"), &sizes).await.unwrap_err(),
    ];
    for fault in faults {
        assert_eq!((&*fault.code, fault.category), ("AS-STORE-0013", Category::Invalid));
    }
}

pub async fn lists_files_with_every_location_of_their_blobs(world: World) {
    let package = world.package_with(&["a", "b", "c"]).await;
    let mut elsewhere = file("again", b"b");
    elsewhere.receipt.location.key = "another/place".into();
    let other = world.package(new_package("other")).await;
    world.commit(commit(other, vec![elsewhere, file("empty", b"")])).await.unwrap();

    let placed = world.store.list_placed_files(package, None, 100).await.unwrap();
    let files: Vec<_> = placed.iter().map(|placed| placed.file.clone()).collect();
    assert_eq!(files, world.files(package).await);
    let locations: Vec<_> = placed.iter().map(|placed| placed.locations.len()).collect();
    assert_eq!(locations, [1, 2, 1]);
    for placed in &placed {
        assert_eq!(placed.locations, world.store.list_locations(&[placed.file.content_address]).await.unwrap());
    }
    let mut paged = Vec::new();
    while let Some(placed) = {
        let after = paged.last().map(|placed: &PlacedFile| placed.file.relative_path.clone());
        world.store.list_placed_files(package, after.as_ref(), 1).await.unwrap().pop()
    } {
        paged.push(placed);
    }
    assert_eq!(paged, placed);
    assert_eq!(world.store.list_placed_files(world.next_package(), None, 100).await.unwrap(), []);
}
