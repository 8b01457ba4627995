//! A site of real processes: two control planes on one PostgreSQL, nodes on directories of their own, and clients that go
//! straight to the nodes. What the parts promise each other has to hold where they are killed, restarted, drained, and cut
//! off from the database.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod control_planes;
mod database;
mod nodes;
mod process;
mod pushes;
mod site;
mod uploads;
