use proptest::prelude::*;

use super::*;

fn passed(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    Filter::default().pass(bytes, &mut out);
    out
}

#[test]
fn only_switches_of_the_screen_are_dropped() {
    for (input, expected) in [
        ("plain text\r\n\u{1F600}", "plain text\r\n\u{1F600}"),
        ("a\x1b[?1049hb\x1b[?1049lc", "abc"),
        ("\x1b[?47h\x1b[?1047l\x1b[?01049h", ""),
        ("\x1b[?1049;25h", "\x1b[?25h"),
        ("\x1b[?25;1047;2004l", "\x1b[?25;2004l"),
        ("\x1b[?1049s\x1b[?1049r\x1b[?1s", "\x1b[?1s"),
        ("\x1b[49m\x1b[1049h\x1b[47;5H", "\x1b[49m\x1b[1049h\x1b[47;5H"),
        ("a\x1bcb", "ab"),
        ("\x1b(B\x1b7\x1b8\x1b=\x1b(c", "\x1b(B\x1b7\x1b8\x1b=\x1b(c"),
        ("\x1b]0;title\x07\x1b]8;;http://x\x1b\\y", "\x1b]0;title\x07\x1b]8;;http://x\x1b\\y"),
        ("\x1b]0;[?1049h\x07", "\x1b]0;[?1049h\x07"),
        ("\x1bPq\x07#0\x1b\\", "\x1bPq\x07#0\x1b\\"),
        // A sequence ends a string that was left open.
        ("\x1b]0;t\x1b[?1049hx", "\x1b]0;t\x1b\\x"),
        // Cancelled, begun again, interrupted.
        ("\x1b[?10\x1849hx", "49hx"),
        ("\x1b[?1049\x1b[1mx", "\x1b[1mx"),
        ("\x1b\x1b[?1049h[?1049h", "[?1049h"),
        ("\x1b[1\r\n;2H", "\r\n\x1b[1;2H"),
    ] {
        assert_eq!(String::from_utf8_lossy(&passed(input.as_bytes())), expected, "{input:?}");
    }
    assert_eq!(passed(format!("\x1b[{}mx", "1;".repeat(500)).as_bytes()), b"x");
}

#[test]
fn a_viewer_that_is_gone_leaves_nothing_open() {
    for (left, closed) in [
        ("text", "\x1b[0m"),
        ("\x1b[?1", "\x1b[0m"),
        ("\x1b]0;half a ti", "\x1b\\\x1b[0m"),
        ("\x1bPq\x1b", "\x1b\\\x1b[0m"),
        ("\x1b[?2026hhalf a frame", "\x1b[?2026l\x1b[0m"),
        ("\x1b[?2026hframe\x1b[?2026l", "\x1b[0m"),
        ("\x1b[>1u\x1b[>5u\x1b[<u\x1b[>3u", "\x1b[<2u\x1b[0m"),
        ("\x1b[6 q\x1b[2;10r", "\x1b[0 q\x1b[r\x1b[0m"),
    ] {
        let mut filter = Filter::default();
        filter.pass(left.as_bytes(), &mut Vec::new());
        let mut out = Vec::new();
        filter.cut(&mut out);
        assert_eq!(String::from_utf8_lossy(&out), closed, "{left:?}");
        let mut next = Vec::new();
        filter.pass(b"next", &mut next);
        assert_eq!(next, b"next");
    }
}

#[test]
fn modes_that_the_next_viewer_does_not_want_are_put_right() {
    let mut filter = Filter::default();
    filter.pass(
        b"\x1b[?25l\x1b[?1000;1006h\x1b[?2004h\x1b[?7l\x1b[?1004h\x1b[?1004l",
        &mut Vec::new(),
    );
    filter.cut(&mut Vec::new());
    filter.pass(b"\x1b[?25l\x1b[?1000h", &mut Vec::new());
    let mut out = Vec::new();
    filter.settle(&mut out);
    assert_eq!(String::from_utf8_lossy(&out), "\x1b[?7h\x1b[?1006l\x1b[?2004l");
    // At the end nobody wants any.
    let mut end = Vec::new();
    filter.cut(&mut end);
    filter.settle(&mut end);
    assert_eq!(String::from_utf8_lossy(&end), "\x1b[0m\x1b[?25h\x1b[?1000l");
}

/// Pieces of output, many of them cut or odd.
fn output() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        "[ -~]{0,6}".prop_map(String::into_bytes),
        "\x1b\\[[?<>]?[0-9;]{0,8}[ ]?[a-zA-Z@~]".prop_map(String::into_bytes),
        "\x1b\\[\\?(1049|47|1047|25|2026)(;[0-9]{1,4})?[hlrs]".prop_map(String::into_bytes),
        "\x1b[\\]PX^_][ -~]{0,6}(\x07|\x1b\\\\)?".prop_map(String::into_bytes),
        "[\x1b\x18\x07\\[\\]?;0-9hclP]{1,6}".prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 0..6),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn how_it_is_cut_into_reads_makes_no_difference(bytes in output(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6)) {
        let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        places.sort_unstable();
        let (mut filter, mut out, mut from) = (Filter::default(), Vec::new(), 0);
        for place in places {
            filter.pass(&bytes[from..place], &mut out);
            from = place;
        }
        filter.pass(&bytes[from..], &mut out);
        prop_assert_eq!(out, passed(&bytes));
    }

    #[test]
    fn nothing_is_left_to_drop_in_what_has_passed(bytes in output()) {
        let once = passed(&bytes);
        let twice = passed(&once);
        prop_assert_eq!(String::from_utf8_lossy(&twice), String::from_utf8_lossy(&once));
    }

    #[test]
    fn text_and_complete_sequences_of_other_kinds_are_untouched(bytes in "([ -~\u{e9}\r\n]|\x1b\\[[0-9;]{0,6}[ABCHJKm]|\x1b\\[\\?(25|1000|2004)[hl]|\x1b\\]0;[a-z]{0,4}\x07){0,20}") {
        prop_assert_eq!(passed(bytes.as_bytes()), bytes.as_bytes());
    }

    #[test]
    fn what_comes_after_a_cut_is_seen(bytes in output()) {
        let (mut filter, mut out) = (Filter::default(), Vec::new());
        filter.pass(&bytes, &mut out);
        filter.cut(&mut out);
        prop_assert!(out.ends_with(b"\x1b[0m"));
        let length = out.len();
        filter.pass(b"seen\x1b[?25h", &mut out);
        prop_assert_eq!(&out[length..], b"seen\x1b[?25h");
    }
}
