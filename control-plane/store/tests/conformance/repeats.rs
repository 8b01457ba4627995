//! What may be asked twice: files under the same identity, and statements of nodes under tickets.

use artifactstore_registry::{AnsweredTicket, CommitFiles, NewFile, Request};
use artifactstore_store::Committed;
use artifactstore_types::{Fault, PackageId};

use crate::world::{World, at, command, file, new_package};

async fn ask(world: &World, package: PackageId, commit: CommitFiles) -> Result<Committed, Fault> {
    world.commit(command(package, Request::CommitFiles(commit))).await
}

fn repeating(files: Vec<NewFile>) -> CommitFiles {
    CommitFiles { files, repeats: true, ..CommitFiles::default() }
}

pub async fn accepts_the_same_file_again_where_it_may_be_a_repetition(world: World) {
    let package = world.package(new_package("repeated")).await;
    let (one, two) = (file("a", b"a"), file("b", b"b"));
    ask(&world, package, repeating(vec![one.clone()])).await.unwrap();
    let again = ask(&world, package, repeating(vec![one.clone(), two])).await.unwrap();
    assert_eq!((again.unchanged, again.refused, again.events.len()), (vec![0], vec![], 1));
    assert_eq!(world.record(package).await.file_count, 2);

    let others = [
        file("a", b"a"),
        NewFile { receipt: file("a", b"other").receipt, ..one.clone() },
        NewFile { executable: true, ..one.clone() },
    ];
    for other in others {
        let refused = ask(&world, package, repeating(vec![other])).await.unwrap();
        assert_eq!(refused.refused.len(), 1, "another file of that path is no repetition");
    }
    let strict = CommitFiles { files: vec![one], ..CommitFiles::default() };
    assert_eq!(ask(&world, package, strict).await.unwrap().refused.len(), 1);
}

pub async fn replacing_with_what_is_there_changes_nothing_where_it_may_be_a_repetition(world: World) {
    let package = world.package_with(&["a"]).await;
    let replacing = || CommitFiles { replace: true, ..repeating(vec![file("a", b"new")]) };
    assert_eq!(ask(&world, package, replacing()).await.unwrap().events.len(), 1);
    let again = ask(&world, package, replacing()).await.unwrap();
    assert_eq!((again.unchanged, again.events.len()), (vec![0], 0));
}

fn stated(files: Vec<NewFile>, part: u64, fingerprint: u8) -> CommitFiles {
    let answered = vec![AnsweredTicket { ticket_id: [7; 16], part, fingerprint: [fingerprint; 32] }];
    CommitFiles { answered, ..repeating(files) }
}

pub async fn takes_one_statement_a_part_of_a_ticket(world: World) {
    let package = world.package(new_package("stated")).await;
    ask(&world, package, stated(vec![file("a", b"a")], 0, 1)).await.unwrap();
    ask(&world, package, stated(vec![file("b", b"b")], 1, 2)).await.unwrap();
    ask(&world, package, stated(vec![file("c", b"c")], 0, 1)).await.unwrap();
    let refused = ask(&world, package, stated(vec![file("d", b"d")], 0, 3)).await.unwrap_err();
    assert_eq!(&*refused.code, "AS-REG-0040");
    assert_eq!(world.paths(package).await, ["a", "b", "c"]);

    world.store.forget_before(at(61)).await.unwrap();
    ask(&world, package, stated(vec![file("d", b"d")], 0, 3)).await.unwrap();
}

pub async fn a_statement_that_came_to_nothing_is_not_recorded(world: World) {
    let package = world.package_with(&["a"]).await;
    let taken = ask(&world, package, stated(vec![file("a", b"a")], 0, 1)).await.unwrap();
    assert_eq!(taken.refused.len(), 1);
    ask(&world, package, stated(vec![file("b", b"b")], 0, 2)).await.unwrap();
}

pub async fn one_of_two_statements_made_at_once_is_taken(world: World) {
    let package = world.package(new_package("raced")).await;
    let one = command(package, Request::CommitFiles(stated(vec![file("a", b"a")], 0, 1)));
    let two = command(package, Request::CommitFiles(stated(vec![file("b", b"b")], 0, 2)));
    let outcomes = world.store.commit(vec![one.into(), two.into()]).await;
    assert!(outcomes[0].is_ok());
    assert_eq!(&*outcomes[1].as_ref().unwrap_err().code, "AS-REG-0040");
}
