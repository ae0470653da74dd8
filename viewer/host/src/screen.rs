//! What the host draws itself, when there is no viewer to do it.

use ccdump_client::text::{clean_line, cut_line};
use rustix::termios::Winsize;

/// A whole screen: a title, lines below it, and at the bottom which keys do what. All of it may
/// come from a program that died or a compiler, so control characters are taken out; what does not
/// fit is left out.
pub(super) fn draw(size: Winsize, title: &str, lines: &str, keys: &str) -> Vec<u8> {
    let (rows, columns) = (usize::from(size.ws_row), usize::from(size.ws_col));
    // Title, an empty line, and one above the keys.
    let room = rows.saturating_sub(4);
    let body: Vec<String> = lines
        .lines()
        .take(room)
        .flat_map(|line| wrap(&clean_line(line), columns))
        .take(room)
        .collect();
    let row = |line: &str| cut_line(&clean_line(line), columns);
    // Written as one update, over what is there, so that nothing flickers; without wrapping, since
    // characters may be wide.
    let mut screen = String::from("\x1b[?2026h\x1b[0m\x1b[?7l\x1b[?25l\x1b[H");
    screen.push_str(&format!("\x1b[1m{}\x1b[0m\x1b[K\r\n\x1b[K\r\n", row(title)));
    for line in body {
        screen.push_str(&format!("{line}\x1b[K\r\n"));
    }
    screen.push_str(&format!(
        "\x1b[J\x1b[{rows};1H\x1b[7m{}\x1b[0m\x1b[K\x1b[?7h\x1b[?2026l",
        row(keys)
    ));
    screen.into_bytes()
}

fn wrap(line: &str, columns: usize) -> Vec<String> {
    let chars: Vec<char> = line.chars().collect();
    if chars.is_empty() {
        return vec![String::new()];
    }
    chars.chunks(columns.max(1)).map(|part| part.iter().collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_fits_any_terminal_and_carries_no_foreign_sequences() {
        let lines =
            "exit status: 101\nthread 'main' panicked\x1b]52;c;eA==\x07 at a\u{202e}b\n".repeat(50);
        for (rows, columns) in [(0, 0), (1, 1), (4, 10), (24, 80)] {
            let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
            let screen =
                String::from_utf8(draw(size, "title", &lines, "r retry  q quit")).expect("UTF-8");
            assert!(
                !screen.contains("\x1b]")
                    && !screen.contains('\u{7}')
                    && !screen.contains('\u{202e}'),
                "{screen:?}"
            );
            assert!(screen.matches("\r\n").count() <= usize::from(rows.max(4)) - 2, "{screen:?}");
        }
        let size = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
        let screen =
            String::from_utf8(draw(size, "the viewer died", "exit status: 101", "r retry"))
                .expect("UTF-8");
        for part in ["the viewer died", "exit status: 101", "r retry"] {
            assert!(screen.contains(part), "{screen:?}");
        }
    }
}
