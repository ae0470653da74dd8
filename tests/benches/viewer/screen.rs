//! All that the benchmark knows of how the viewer looks and which keys it takes.

use ccdump_tests::terminal::{Key, Screen};

pub(crate) const ROWS: u16 = 50;
pub(crate) const COLS: u16 = 160;

/// The last word of an answer's text: one word, so that no wrapping takes it apart.
pub(crate) fn mark(session: usize, agent: usize, turn: usize) -> String {
    format!("mark{session:04}x{agent:02}x{turn:04}")
}

/// Whether the end of the conversation is on the screen.
pub(crate) fn shows_end(screen: &Screen, mark: &str) -> bool {
    screen.contains(mark)
}

/// Whether a text is on the screen above the line in which it was typed, and counted there.
pub(crate) fn shows_match(screen: &Screen, text: &str) -> bool {
    let rows = screen.rows();
    let Some((prompt, above)) = rows.split_last() else { return false };
    let is_counted = prompt
        .split_whitespace()
        .any(|word| word.split_once('/').is_some_and(|(number, _)| number.parse::<u32>().is_ok()));
    is_counted && above.iter().any(|row| row.contains(text))
}

/// What a text delta of a live stream says. Each stream has a letter, so that what is left of one
/// is not taken for another's.
pub(crate) fn counter(letter: char, number: usize) -> String {
    // A new line now and then, as in any text.
    let end = if number % 12 == 11 { '\n' } else { ' ' };
    format!("{letter}{number:06}{end}")
}

/// The highest counter of that stream on the screen.
pub(crate) fn newest_counter(screen: &Screen, letter: char) -> Option<usize> {
    let rows = screen.rows();
    let words = rows.iter().flat_map(|row| row.split_whitespace());
    words
        .filter_map(|word| {
            word.strip_prefix(letter).filter(|digits| digits.len() == 6)?.parse().ok()
        })
        .max()
}

/// Whether a live stream is on the screen, or what is left of one.
pub(crate) fn shows_counter(screen: &Screen) -> bool {
    ('a'..='z').any(|letter| newest_counter(screen, letter).is_some())
}

/// What is typed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stroke {
    Text(&'static str),
    Key(Key),
}

use Stroke::{Key as Named, Text};

pub(crate) const TOP: Stroke = Text("g");
pub(crate) const END: Stroke = Text("G");
pub(crate) const NEXT_TURN: Stroke = Text("}");
/// Shows and hides the list of agents.
pub(crate) const AGENTS: Stroke = Text("b");
pub(crate) const SEARCH: Stroke = Text("/");
pub(crate) const QUIT: Stroke = Text("q");

/// Kinds of keys, each with strokes that go some way and with those that go back.
pub(crate) const WALKS: [(&str, &[Stroke], &[Stroke]); 4] = [
    ("line", &[Text("j"), Text("j")], &[Text("k"), Text("k")]),
    (
        "page",
        &[Named(Key::PageDown), Named(Key::PageDown)],
        &[Named(Key::PageUp), Named(Key::PageUp)],
    ),
    ("block", &[Text("J"), Text("J")], &[Text("K"), Text("K")]),
    ("fold", &[Named(Key::Enter)], &[Named(Key::Enter)]),
];

/// What is shown of a category goes round with its key.
pub(crate) const CATEGORIES: [Stroke; 7] =
    [Text("1"), Text("2"), Text("3"), Text("4"), Text("5"), Text("6"), Text("7")];
/// It is as it was after so many presses, whether two states go round or three.
pub(crate) const CATEGORY_PRESSES: usize = 6;

/// From one end to the other and back.
pub(crate) const ENDS: [Stroke; 2] = [TOP, END];
