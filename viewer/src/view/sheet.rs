//! The open sheet: what it is of, and its rows.

use ccdump_client::text::{clean_line, cut_line, units};
use ccdump_model::{
    line::{Line, Span, width, width_of},
    theme::{Role, Theme},
};
use ccdump_record::Exchange;
use ccdump_state::{
    MARGIN, State,
    sheet::{BAR, INDENT, Part, Subject},
};
use ratatui::{
    Frame,
    layout::Rect,
    style::{Modifier, Style},
};

use super::paint::{self, both_ends, word};

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, state: &State, theme: &Theme) {
    let sheet = &state.sheet;
    let Some(subject) = &sheet.subject else { return };
    let bar = Rect { height: BAR.min(area.height), ..area };
    match subject {
        Subject::Compare { left, right } => compared(frame, bar, state, theme, [*left, *right]),
        Subject::Versions { session } => {
            named(frame, bar, theme, "versions of the system prompt", session.as_deref())
        }
        Subject::CompareSections { session, left, right } => {
            named(frame, bar, theme, &format!("sp-{left} → sp-{right}"), session.as_deref());
        }
        Subject::Inspect { exchange, part } => {
            inspected(frame, bar, state, theme, *exchange, *part)
        }
    }
    let area = Rect { y: area.y + bar.height, height: area.height - bar.height, ..area };
    for (number, at) in sheet.rows.from(sheet.first).enumerate() {
        let Some(place) = paint::row(area, number) else { break };
        row(frame, place, state, theme, at);
    }
}

fn row(frame: &mut Frame<'_>, place: Rect, state: &State, theme: &Theme, at: usize) {
    let sheet = &state.sheet;
    let Some(row) = sheet.rows.get(at) else { return };
    if at == sheet.cursor {
        paint::text(
            frame,
            Rect { width: MARGIN.min(place.width), ..place },
            theme,
            &[word(Role::Focus, "▌")],
        );
    }
    let folds = sheet.rows.hides(at) > 0;
    let sign = match (folds, row.is_open) {
        (false, _) => "",
        (true, false) => "▸",
        (true, true) => "▾",
    };
    let indent = MARGIN.saturating_add(row.depth.saturating_mul(INDENT)).min(place.width);
    let sign_at = Rect { x: place.x + indent, width: place.width - indent, ..place };
    paint::text(frame, sign_at, theme, &[word(Role::Frame, sign)]);
    let indent = indent.saturating_add(INDENT).min(place.width);
    let text_at = Rect { x: place.x + indent, width: place.width - indent, ..place };
    let gist = if folds && !row.is_open { row.gist.spans.as_slice() } else { &[] };
    let spans: Vec<Span> = row.line.spans.iter().chain(gist).cloned().collect();
    paint::text(frame, text_at, theme, &spans);
    for (mark, is_current) in sheet.find.marks(at) {
        let column = |byte| column(&row.line, byte).min(text_at.width);
        let (from, to) = (column(mark.from), column(mark.to));
        let style = match is_current {
            true => theme.style(Role::Selected).add_modifier(Modifier::BOLD),
            false => Style::new().add_modifier(Modifier::UNDERLINED | Modifier::BOLD),
        };
        frame.buffer_mut().set_style(
            Rect { x: text_at.x + from, width: to.saturating_sub(from), ..text_at },
            style,
        );
    }
}

/// A byte of a line as a column.
fn column(line: &Line, byte: usize) -> u16 {
    let text: String = line.spans.iter().map(|span| span.text.as_str()).collect();
    text.get(..byte).map_or(0, |before| u16::try_from(width(before)).unwrap_or(u16::MAX))
}

/// The names of the parts, and which exchange it is. [`ccdump_state::sheet::part_at`] knows where
/// the names stand.
fn inspected(
    frame: &mut Frame<'_>,
    bar: Rect,
    state: &State,
    theme: &Theme,
    exchange: u64,
    shown: Part,
) {
    let names = Part::ALL.into_iter().map(|part| {
        let role = if part == shown { Role::Selected } else { Role::Bar };
        word(role, format!(" {} ", part.name()))
    });
    let left: Vec<Span> = [word(Role::Bar, " ")].into_iter().chain(names).collect();
    let room = usize::from(bar.width).saturating_sub(width_of(&left) + 1);
    both_ends(frame, bar, theme, &left, &about(exchange, state.row_of(exchange), room));
}

/// Which two exchanges.
fn compared(frame: &mut Frame<'_>, bar: Rect, state: &State, theme: &Theme, exchanges: [u64; 2]) {
    let [left, right] = exchanges.map(|exchange| state.roster.row(exchange));
    let room = usize::from(bar.width) / 2;
    let mut spans = vec![word(Role::Bar, " compare "), word(Role::BarStrong, " ")];
    spans.extend(about(exchanges[0], left, room.saturating_sub(width_of(&spans) + 2)));
    spans.push(word(Role::Bar, "→ "));
    spans.extend(about(exchanges[1], right, room.saturating_sub(2)));
    both_ends(frame, bar, theme, &spans, &[]);
}

/// What of which session.
fn named(frame: &mut Frame<'_>, bar: Rect, theme: &Theme, what: &str, session: Option<&str>) {
    let of = session.map_or_else(
        || "no session".to_owned(),
        |session| format!("session {}", clean_line(session)),
    );
    let room = usize::from(bar.width).saturating_sub(what.len() + 4);
    let left = [word(Role::BarStrong, format!(" {what} "))];
    both_ends(frame, bar, theme, &left, &[word(Role::Bar, format!("{} ", cut_line(&of, room)))]);
}

/// `#12 claude-sonnet 200 4.2 s`, as much of it as there is room for.
fn about(exchange: u64, row: Option<&Exchange>, room: usize) -> Vec<Span> {
    let number = word(Role::BarStrong, format!("#{exchange} "));
    let Some(row) = row else { return vec![number] };
    let model =
        row.model.as_deref().map(|model| word(Role::Bar, format!("{} ", clean_line(model))));
    let status = row.status.map(|status| {
        let role = if (200..300).contains(&status) { Role::Bar } else { Role::Error };
        word(role, format!("{status} "))
    });
    let duration = row.duration_us.map(|us| word(Role::Bar, format!("{} ", units::duration(us))));
    let all: Vec<Span> = [Some(number.clone()), model, status.clone(), duration.clone()]
        .into_iter()
        .flatten()
        .collect();
    let short: Vec<Span> = [Some(number.clone()), status, duration].into_iter().flatten().collect();
    [all, short].into_iter().find(|spans| width_of(spans) <= room).unwrap_or_else(|| vec![number])
}
