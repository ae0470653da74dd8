//! Lines from a pipe or a socket, each of bounded length.

use std::io::{BufRead, Read as _};

/// Calls `each` for every line, without its end, until the other side closes or `each` says
/// `false`. A line of more than `longest` bytes is passed over.
pub fn each(mut from: impl BufRead, longest: u64, mut each: impl FnMut(&[u8]) -> bool) {
    let mut line = Vec::new();
    let mut passing_over = false;
    loop {
        line.clear();
        match from.by_ref().take(longest.saturating_add(1)).read_until(b'\n', &mut line) {
            // A read that failed is an end, too: there is nothing to wait for.
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let whole = line.last() == Some(&b'\n');
        if whole {
            line.pop();
        }
        let too_long = line.len() as u64 > longest;
        if !passing_over && !too_long && !each(&line) {
            return;
        }
        passing_over = !whole && (too_long || passing_over);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str, longest: u64) -> Vec<String> {
        let mut lines = Vec::new();
        each(text.as_bytes(), longest, |line| {
            lines.push(String::from_utf8_lossy(line).into_owned());
            true
        });
        lines
    }

    #[test]
    fn long_lines_are_passed_over_and_nothing_else() {
        assert_eq!(lines("one\n\ntwo\nno end", 6), ["one", "", "two", "no end"]);
        assert_eq!(lines("123456\n1234567\nnext\n", 6), ["123456", "next"]);
        assert_eq!(
            lines(&format!("{}\nnext\n{}", "x".repeat(1000), "y".repeat(1000)), 6),
            ["next"]
        );
    }

    #[test]
    fn it_ends_when_told_to() {
        let mut seen = 0;
        each(&b"1\n2\n3\n"[..], 9, |_| {
            seen += 1;
            seen < 2
        });
        assert_eq!(seen, 2);
    }
}
