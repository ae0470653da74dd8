//! Draws docs/screen.svg: the viewer's own screen at the end of its demo, cell by cell. `just
//! picture`.

use std::{fmt::Write as _, fs, path::Path};

use ccdump_tests::{
    binaries,
    home::Home,
    terminal::{Color, Key, Screen, Style, Terminal},
};

const ROWS: u16 = 36;
const COLS: u16 = 110;
/// Of a cell, in pixels.
const WIDTH: f32 = 8.4;
const HEIGHT: f32 = 18.0;
const MARGIN: f32 = 14.0;

const BACKGROUND: &str = "#16181d";
const FOREGROUND: &str = "#d7dae0";
/// The terminal's sixteen colours.
const PALETTE: [&str; 16] = [
    "#16181d", "#e06c75", "#8fbf7f", "#d9b26f", "#6aa9e9", "#c08be0", "#5bb8c4", "#c8ccd4",
    "#6b7280", "#ef8891", "#a5d494", "#e8c98f", "#8bbff2", "#d3a6ee", "#7dd0da", "#ffffff",
];

fn main() {
    let home = Home::new();
    let mut command = home.command(binaries::ccdump_view());
    command.args(["demo", "--pace", "0"]).env("CCDUMPD", binaries::ccdumpd());
    command.env_remove("NO_COLOR").envs([
        ("TERM", "xterm-256color"),
        ("LANG", "C.UTF-8"),
        ("TZ", "UTC"),
    ]);
    let terminal = Terminal::spawn(&command, ROWS, COLS);
    terminal.wait_for_text("All 8 tests pass");
    // Back to the edit, unfolded.
    while !marked(&terminal.screen()).contains("→ Edit") {
        let before = marked(&terminal.screen());
        terminal.keys("T");
        terminal.wait_until("another call is marked", |screen| marked(screen) != before);
    }
    terminal.key(Key::Enter);
    let screen = terminal.wait_until("the edit is unfolded", |screen| marked(screen).contains('▾'));
    terminal.keys("q");
    terminal.wait_exit();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/screen.svg");
    fs::write(&path, picture(&screen))
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    println!("{}", screen.text());
}

/// The first line of the marked block.
fn marked(screen: &Screen) -> String {
    screen.rows().into_iter().find(|row| row.contains("│▌")).unwrap_or_default()
}

fn picture(screen: &Screen) -> String {
    let (width, height) =
        (f32::from(COLS) * WIDTH + 2.0 * MARGIN, f32::from(ROWS) * HEIGHT + 2.0 * MARGIN);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" font-family=\"ui-monospace, SFMono-Regular, \
         Menlo, Consolas, monospace\" font-size=\"14\">\n<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{BACKGROUND}\"/>\n"
    );
    for row in 0..ROWS {
        let line: Vec<char> = screen.row(row).chars().collect();
        let mut column = 0;
        let mut run: Option<(u16, Style, String)> = None;
        for c in line {
            let style = screen.style(row, column);
            match &mut run {
                Some((_, of_run, text)) if *of_run == style => text.push(c),
                _ => {
                    run.take().into_iter().for_each(|run| write_run(&mut svg, row, &run));
                    run = Some((column, style, c.to_string()));
                }
            }
            column +=
                u16::try_from(unicode_width::UnicodeWidthChar::width(c).unwrap_or(0)).unwrap_or(0);
        }
        run.into_iter().for_each(|run| write_run(&mut svg, row, &run));
    }
    svg.push_str("</svg>\n");
    svg
}

fn write_run(svg: &mut String, row: u16, (column, style, text): &(u16, Style, String)) {
    let (x, y) = (MARGIN + f32::from(*column) * WIDTH, MARGIN + f32::from(row) * HEIGHT);
    let cells = unicode_width::UnicodeWidthStr::width(text.as_str()) as f32;
    let (mut ink, mut paper) =
        (colour(style.foreground, FOREGROUND), colour(style.background, BACKGROUND));
    if style.inverse {
        std::mem::swap(&mut ink, &mut paper);
    }
    if paper != BACKGROUND {
        let _ = writeln!(
            svg,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{HEIGHT}\" fill=\"{paper}\"/>",
            cells * WIDTH
        );
    }
    if text.trim().is_empty() {
        return;
    }
    let mut attributes = String::new();
    for (is_on, attribute) in [
        (style.bold, " font-weight=\"bold\""),
        (style.italic, " font-style=\"italic\""),
        (style.underline, " text-decoration=\"underline\""),
        (style.dim, " opacity=\"0.6\""),
    ] {
        if is_on {
            attributes.push_str(attribute);
        }
    }
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    // The length is given, so that columns line up in any font.
    let _ = writeln!(
        svg,
        "<text x=\"{x:.1}\" y=\"{:.1}\" fill=\"{ink}\" xml:space=\"preserve\" textLength=\"{:.1}\" lengthAdjust=\"spacingAndGlyphs\"{attributes}>{text}</text>",
        y + HEIGHT * 0.75,
        cells * WIDTH,
    );
}

fn colour(colour: Color, default: &str) -> String {
    match colour {
        Color::Default => default.to_owned(),
        Color::Idx(index) => {
            PALETTE.get(usize::from(index)).map_or_else(|| default.to_owned(), ToString::to_string)
        }
        Color::Rgb(red, green, blue) => format!("#{red:02x}{green:02x}{blue:02x}"),
    }
}
