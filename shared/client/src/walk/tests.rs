//! What a directory becomes, and what is refused of it.

use std::{
    ffi::OsStr,
    fs,
    os::unix::{
        ffi::OsStrExt as _,
        fs::{PermissionsExt as _, symlink},
        net::UnixListener,
    },
};

use artifactstore_types::Category;
use rustix::fs::{FileType, Mode};
use tempfile::TempDir;

use super::*;

fn directory(files: &[(&str, &[u8])]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (path, bytes) in files {
        let path = directory.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    directory
}

fn paths(walk: &Walk) -> Vec<&str> {
    walk.files.iter().map(|file| file.relative_path.as_str()).collect()
}

fn make_fifo(path: &Path) {
    rustix::fs::mknodat(CWD, path, FileType::Fifo, Mode::RUSR, 0).unwrap();
}

#[test]
fn lists_files_in_the_order_of_their_bytes_and_keeps_hidden_ones() {
    let directory = directory(&[("b/c", b"1"), ("b-c", b"22"), (".hidden/.file", b""), ("a.json", b"{}"), ("B", b"")]);
    let walk = walk(directory.path(), false).unwrap();
    assert_eq!(paths(&walk), [".hidden/.file", "B", "a.json", "b-c", "b/c"]);
    assert_eq!(walk.total_bytes, 5);
    assert_eq!(walk.files[2].media_type.as_str(), "application/json");
    assert_eq!(walk.files[1].media_type.as_str(), "application/octet-stream");
    assert!(walk.skipped.is_empty());
}

#[test]
fn keeps_the_executable_bit_of_the_owner() {
    let directory = directory(&[("run", b"#!"), ("group", b""), ("plain", b"")]);
    fs::set_permissions(directory.path().join("run"), fs::Permissions::from_mode(0o700)).unwrap();
    fs::set_permissions(directory.path().join("group"), fs::Permissions::from_mode(0o610)).unwrap();
    let walk = walk(directory.path(), false).unwrap();
    let executable: Vec<_> = walk.files.iter().map(|file| file.executable).collect();
    assert_eq!(executable, [false, false, true]);
}

#[test]
fn names_are_brought_into_normalization_form_c() {
    let directory = directory(&[("e\u{301}/\u{41}\u{30a}", b"x"), ("日本語/ملف", b"y")]);
    let walk = walk(directory.path(), false).unwrap();
    assert_eq!(paths(&walk), ["\u{e9}/\u{c5}", "日本語/ملف"]);
    assert_eq!(fs::read(&walk.files[0].source).unwrap(), b"x");
}

#[test]
fn an_empty_directory_has_no_files_and_directories_do_not_count() {
    let directory = directory(&[]);
    fs::create_dir_all(directory.path().join("a/b")).unwrap();
    assert_eq!(walk(directory.path(), false).unwrap(), Walk::default());
}

#[test]
fn names_every_entry_that_cannot_be_pushed_in_one_refusal() {
    let directory = directory(&[("good", b"")]);
    let at = |name: &str| directory.path().join(name);
    symlink("good", at("link")).unwrap();
    symlink(directory.path(), at("loop")).unwrap();
    make_fifo(&at("pipe"));
    let _socket = UnixListener::bind(at("socket")).unwrap();
    fs::write(at("back\\slash"), "").unwrap();
    fs::write(at("new\nline"), "").unwrap();
    fs::create_dir(at("bad\tdirectory")).unwrap();
    fs::write(at("bad\tdirectory/inside"), "").unwrap();
    fs::write(directory.path().join(OsStr::from_bytes(b"latin\xe9")), "").unwrap();
    let fault = walk(directory.path(), false).unwrap_err();
    assert_eq!((fault.code.as_ref(), fault.category), ("AS-CLIENT-0003", Category::Invalid));
    for named in [
        "8 entries",
        "link is a symbolic link",
        "loop is a symbolic link",
        "pipe is a named pipe",
        "socket is a socket",
        "back\\slash has a name",
        "\"new\\nline\" has a name",
        "\"bad\\tdirectory\" has a name",
        "\"latin\\xE9\" has a name that is not UTF-8",
    ] {
        assert!(fault.message.contains(named), "{named:?} is not in {}", fault.message);
    }
    assert!(!fault.message.contains("inside"), "what is below a refused directory is not listed again");
}

#[test]
fn leaves_out_special_files_on_request_and_says_which() {
    let directory = directory(&[("good", b"1")]);
    symlink("/etc", directory.path().join("link")).unwrap();
    make_fifo(&directory.path().join("a-pipe"));
    let walk = walk(directory.path(), true).unwrap();
    assert_eq!(paths(&walk), ["good"]);
    let skipped: Vec<_> = walk.skipped.iter().map(|entry| (entry.path.as_str(), &entry.reason)).collect();
    assert_eq!(skipped, [("a-pipe", &EntryRefused::Fifo), ("link", &EntryRefused::SymbolicLink)]);
}

#[test]
fn skipping_special_files_does_not_excuse_bad_names() {
    let directory = directory(&[("back\\slash", b"")]);
    symlink("/etc", directory.path().join("link")).unwrap();
    let fault = walk(directory.path(), true).unwrap_err();
    assert!(fault.message.contains("back\\slash") && !fault.message.contains("link"), "{}", fault.message);
}

#[test]
fn refuses_two_names_that_become_one() {
    let directory = directory(&[("e\u{301}", b"1"), ("\u{e9}", b"2"), ("other", b"")]);
    let fault = walk(directory.path(), false).unwrap_err();
    assert!(fault.message.starts_with("read directory: 2 entries"), "{}", fault.message);
    assert!(fault.message.contains("the same name"), "{}", fault.message);
}

#[test]
fn refuses_a_directory_and_a_file_whose_names_become_one() {
    let directory = directory(&[("e\u{301}/inside", b"1"), ("\u{e9}", b"2")]);
    assert_eq!(walk(directory.path(), false).unwrap_err().code, "AS-CLIENT-0003");
}

#[test]
fn refuses_what_cannot_be_read() {
    if rustix::process::geteuid().is_root() {
        println!("skipped: root reads everything");
        return;
    }
    let directory = directory(&[("secret", b""), ("closed/file", b"")]);
    fs::set_permissions(directory.path().join("secret"), fs::Permissions::from_mode(0o000)).unwrap();
    fs::set_permissions(directory.path().join("closed"), fs::Permissions::from_mode(0o000)).unwrap();
    let fault = walk(directory.path(), true).unwrap_err();
    fs::set_permissions(directory.path().join("closed"), fs::Permissions::from_mode(0o700)).unwrap();
    assert!(fault.message.contains("secret cannot be read") && fault.message.contains("closed cannot be read"));
}

#[test]
fn refuses_a_path_that_is_too_long_for_a_package() {
    let part = "x".repeat(200);
    let deep = [part.as_str(); 6].join("/");
    let directory = directory(&[(deep.as_str(), b"")]);
    assert!(walk(directory.path(), false).unwrap_err().message.contains("too long"));
}

#[test]
fn refuses_what_is_no_directory() {
    let directory = directory(&[("file", b"")]);
    let missing = walk(&directory.path().join("missing"), false).unwrap_err();
    assert_eq!((missing.code.as_ref(), missing.category), ("AS-CLIENT-0001", Category::NotFound));
    let file = walk(&directory.path().join("file"), false).unwrap_err();
    assert_eq!((file.code.as_ref(), file.category), ("AS-CLIENT-0002", Category::Invalid));
}

#[test]
fn follows_a_link_that_names_the_directory_itself() {
    let directory = directory(&[("real/file", b"1")]);
    symlink(directory.path().join("real"), directory.path().join("named")).unwrap();
    assert_eq!(paths(&walk(&directory.path().join("named"), false).unwrap()), ["file"]);
}
