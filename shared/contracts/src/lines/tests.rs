//! Lines of a stream, short and long.

use std::io::BufReader;

use super::*;

/// Number and text of each line; a line that was skipped has none.
fn read_all(text: &[u8], longest: usize, capacity: usize) -> Vec<(u64, String)> {
    let mut lines = Lines::new(BufReader::with_capacity(capacity, text), longest);
    let mut read = Vec::new();
    while let Some((number, line)) = lines.read().unwrap() {
        let text = match line {
            Line::Text(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
            Line::TooLong => String::new(),
        };
        read.push((number, text));
    }
    read
}

fn text(text: &str) -> String {
    text.to_owned()
}

#[test]
fn blank_lines_are_passed_over_and_counted() {
    let read = read_all(b"one\n\n  \r\ntwo\r\n\nthree", 100, 3);
    assert_eq!(read, [(1, text("one")), (4, text("two\r")), (6, text("three"))]);
}

#[test]
fn a_line_at_the_bound_is_read_and_one_beyond_it_is_skipped() {
    for capacity in [1, 4, 100] {
        let read = read_all(b"1234\n12345\n123456789\nend\n", 4, capacity);
        assert_eq!(read, [(1, text("1234")), (2, text("")), (3, text("")), (4, text("end"))]);
    }
}

#[test]
fn a_last_line_beyond_the_bound_is_skipped_too() {
    assert_eq!(read_all(b"12345", 4, 2), [(1, text(""))]);
    assert_eq!(read_all(b"1234", 4, 2), [(1, text("1234"))]);
}

#[test]
fn nothing_has_no_lines() {
    assert_eq!(read_all(b"", 4, 2), []);
    assert_eq!(read_all(b"\n\n", 4, 2), []);
}
