//! Leases: one holder at a time, and where several processes can have the database open, one among all of them.

use artifactstore_store::{StoreOptions, open};
use artifactstore_testkit::postgres::end_connections;

use crate::world::{World, postgres};

pub async fn is_held_by_one_at_a_time(world: World) {
    let held = world.store.try_lease("sweeping").await.unwrap().unwrap();
    assert!(world.store.try_lease("sweeping").await.unwrap().is_none());
    assert!(world.store.try_lease("counting").await.unwrap().is_some(), "another name is another lease");
    drop(held);
    // Letting go takes a round trip where the lease is on a server.
    while world.store.try_lease("sweeping").await.unwrap().is_none() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn is_held_among_all_who_have_the_database_open() {
    let world = postgres().await;
    let other = open(world.url.as_ref().unwrap(), StoreOptions::default()).await.unwrap();
    let held = world.store.try_lease("sweeping").await.unwrap().unwrap();
    assert!(other.try_lease("sweeping").await.unwrap().is_none());
    drop(held);
    while other.try_lease("sweeping").await.unwrap().is_none() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn is_lost_with_the_connection_it_is_held_on() {
    let world = postgres().await;
    let held = world.store.try_lease("sweeping").await.unwrap().unwrap();
    end_connections(world.url.as_ref().unwrap(), "artifactstore-lease").await;
    held.lost().await;
    assert!(world.store.try_lease("sweeping").await.unwrap().is_some());
}
