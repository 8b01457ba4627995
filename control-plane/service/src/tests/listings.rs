//! Pages and their tokens.

use artifactstore_types::{Category, PackageFilter, PackageStatus, PageSize, PageToken};

use super::world;

#[tokio::test]
async fn pages_hold_every_package_once_newest_first() {
    let world = world();
    let mut made = Vec::new();
    for n in 0..7 {
        made.push(world.package(&format!("p{n}")).await);
    }
    let filter = PackageFilter::default();
    let (mut listed, mut token) = (Vec::new(), None);
    loop {
        let page = world.service.list_packages(&filter, PageSize::clamped(3), token).await.unwrap();
        listed.extend(page.items.into_iter().map(|package| package.package_id));
        token = page.next;
        if token.is_none() {
            break;
        }
    }
    made.reverse();
    assert_eq!(listed, made);
}

#[tokio::test]
async fn a_full_last_page_has_no_next_one() {
    let world = world();
    for n in 0..3 {
        world.package(&format!("p{n}")).await;
    }
    let page = world.service.list_packages(&PackageFilter::default(), PageSize::clamped(3), None).await.unwrap();
    assert_eq!((page.items.len(), page.next), (3, None));
}

#[tokio::test]
async fn refuses_a_token_of_another_query_and_one_that_was_altered() {
    let world = world();
    for n in 0..3 {
        world.package(&format!("p{n}")).await;
    }
    let filter = PackageFilter::default();
    let page = world.service.list_packages(&filter, PageSize::clamped(1), None).await.unwrap();
    let token = page.next.unwrap();
    let other = PackageFilter { status: Some(PackageStatus::Created), ..PackageFilter::default() };
    let id = world.package("files").await;
    let refused = [
        world.service.list_packages(&other, PageSize::clamped(1), Some(token.clone())).await.unwrap_err(),
        world.service.list_files(id, PageSize::clamped(1), Some(token.clone())).await.unwrap_err(),
        world.service.list_packages(&filter, PageSize::clamped(1), Some(PageToken("xyz".into()))).await.unwrap_err(),
        world.service.list_packages(&filter, PageSize::clamped(1), Some(PageToken(String::new()))).await.unwrap_err(),
    ];
    for fault in refused {
        assert_eq!((fault.category, &*fault.code), (Category::Invalid, "AS-SVC-0004"));
    }
    for at in 0..token.0.len() {
        let mut altered = token.0.clone().into_bytes();
        altered[at] = if altered[at] == b'0' { b'1' } else { b'0' };
        let altered = PageToken(String::from_utf8(altered).unwrap());
        let fault = world.service.list_packages(&filter, PageSize::clamped(1), Some(altered)).await.unwrap_err();
        assert_eq!(&*fault.code, "AS-SVC-0004", "digit {at}");
    }
}

#[tokio::test]
async fn files_are_listed_in_the_order_of_their_paths_bytes() {
    let world = world();
    let id = world.package("order").await;
    let files = ["b", "a/z", "a-", "ä", "Z"].map(|path| (path.to_owned(), Vec::new()));
    world.add_many(id, files.to_vec()).await.into_iter().for_each(|answer| drop(answer.unwrap()));
    let (mut listed, mut token) = (Vec::new(), None);
    loop {
        let page = world.service.list_files(id, PageSize::clamped(2), token).await.unwrap();
        listed.extend(page.items.into_iter().map(|file| file.relative_path.to_string()));
        token = page.next;
        if token.is_none() {
            break;
        }
    }
    assert_eq!(listed, ["Z", "a-", "a/z", "b", "ä"]);
}
