//! The lines that are on the screen, found from a place in both directions. Its cost follows the
//! height of the screen.

use std::{collections::HashMap, sync::Arc};

use ccdump_model::blocks::ItemKey;

use super::{
    layout::{LaidTurn, Layout, Making},
    place::{Place, Position, Spot},
};

/// A line on the screen.
#[derive(Debug, Clone)]
pub struct Row {
    pub turn: Arc<LaidTurn>,
    pub line: usize,
}

/// What is on the screen, and what may be the next moment.
#[derive(Debug, Default)]
pub struct Window {
    pub rows: Vec<Row>,
    /// The last row is the last line there is.
    pub at_end: bool,
    /// The number of the turn that the first row is of.
    pub first_turn: usize,
    pub last_turn: usize,
}

/// A conversation that is walked through, line by line.
pub(super) struct Walk<'a> {
    pub(super) making: Making<'a>,
    pub(super) layout: &'a mut Layout,
    /// The agent's exchanges.
    pub(super) exchanges: &'a [u64],
    /// Whether these are all there are.
    is_complete: bool,
    seen: HashMap<usize, Arc<LaidTurn>>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        making: Making<'a>,
        layout: &'a mut Layout,
        exchanges: &'a [u64],
        is_complete: bool,
    ) -> Self {
        Self { making, layout, exchanges, is_complete, seen: HashMap::new() }
    }

    /// The turn of that number. Numbers must be in range.
    pub(super) fn turn(&mut self, number: usize) -> Arc<LaidTurn> {
        let Self { making, layout, exchanges, seen, .. } = self;
        let exchange = exchanges.get(number).copied().unwrap_or_default();
        Arc::clone(
            seen.entry(number).or_insert_with(|| layout.turn(*making, exchange, number == 0)),
        )
    }

    /// Whether it can be told where a place is: its exchange was fetched, or is no more.
    pub(super) fn knows(&mut self, place: &Place) -> bool {
        match self.exchanges.binary_search(&place.exchange) {
            Ok(number) => self.turn(number).is_loaded,
            Err(_) => self.is_complete,
        }
    }

    /// Where a place is. An exchange that is gone is taken for the next one; an item that is gone
    /// for what it was a part of, or for its exchange's first line.
    pub(super) fn find(&mut self, place: &Place) -> Position {
        let turn = self.number(place.exchange);
        let laid = self.turn(turn);
        let line = match laid.item(&place.item) {
            Some(item) => item.first + place.line.min(item.lines.len().saturating_sub(1)),
            None => laid.holder(&place.item).map_or(0, |item| item.first),
        };
        Position { turn, line }
    }

    /// The number of an exchange, or of the one after where it should be.
    pub(super) fn number(&self, exchange: u64) -> usize {
        self.exchanges
            .partition_point(|id| *id < exchange)
            .min(self.exchanges.len().saturating_sub(1))
    }

    /// The last line of all.
    pub(super) fn end(&mut self) -> Position {
        let mut end = Position { turn: self.exchanges.len().saturating_sub(1), line: 0 };
        loop {
            let height = self.turn(end.turn).height;
            if height > 0 || end.turn == 0 {
                return Position { line: height.saturating_sub(1), ..end };
            }
            end.turn -= 1;
        }
    }

    pub(super) fn down(&mut self, from: Position) -> Option<Position> {
        if from.line + 1 < self.turn(from.turn).height {
            return Some(Position { line: from.line + 1, ..from });
        }
        // Exchanges of which nothing is shown have no lines.
        (from.turn + 1..self.exchanges.len())
            .find(|turn| self.turn(*turn).height > 0)
            .map(|turn| Position { turn, line: 0 })
    }

    pub(super) fn up(&mut self, from: Position) -> Option<Position> {
        if let Some(line) = from.line.checked_sub(1) {
            return Some(Position { line, ..from });
        }
        let turn = (0..from.turn).rev().find(|turn| self.turn(*turn).height > 0)?;
        Some(Position { turn, line: self.turn(turn).height - 1 })
    }

    /// As many lines up (or down) as there are, at most `lines`.
    fn moved(&mut self, mut from: Position, lines: i32) -> Position {
        for _ in 0..lines.unsigned_abs() {
            let next = if lines < 0 { self.up(from) } else { self.down(from) };
            let Some(next) = next else { break };
            from = next;
        }
        from
    }

    /// The lines of a screen of `height` rows on which `anchor` stands at `row`, as far as the ends
    /// allow.
    pub(super) fn window(&mut self, anchor: Position, row: i32, height: u16) -> Window {
        if self.exchanges.is_empty() || height == 0 {
            return Window { at_end: true, ..Window::default() };
        }
        let mut top = self.moved(anchor, row.saturating_neg());
        let mut rows = self.rows(top, height);
        let missing = usize::from(height) - rows.len();
        if missing > 0 {
            let higher = self.moved(top, -i32::try_from(missing).unwrap_or(i32::MAX));
            if higher != top {
                top = higher;
                rows = self.rows(top, height);
            }
        }
        let last = rows.last().map_or(top, |(position, _)| *position);
        let at_end = self.down(last).is_none();
        Window {
            rows: rows
                .into_iter()
                .map(|(position, turn)| Row { turn, line: position.line })
                .collect(),
            at_end,
            first_turn: top.turn,
            last_turn: last.turn,
        }
    }

    fn rows(&mut self, top: Position, height: u16) -> Vec<(Position, Arc<LaidTurn>)> {
        let mut rows = Vec::with_capacity(usize::from(height));
        // The first exchanges may have nothing to show.
        let mut next = if self.turn(top.turn).height > 0 { Some(top) } else { self.down(top) };
        while let Some(position) = next
            && rows.len() < usize::from(height)
        {
            rows.push((position, self.turn(position.turn)));
            next = self.down(position);
        }
        rows
    }
}

impl Window {
    /// The place to hold on to: what is above may still grow, so it is the first line of something
    /// that will not.
    pub(super) fn place(&self) -> Option<Place> {
        let row = self.rows.iter().position(|row| row.turn.is_loaded).unwrap_or(0);
        let Row { turn, line } = self.rows.get(row)?;
        let item = turn.item_at(*line)?;
        Some(Place {
            exchange: turn.exchange,
            item: item.item.key.clone(),
            line: line - item.first,
            row: i32::try_from(row).unwrap_or(0),
        })
    }

    /// The row on which an item's first visible line stands.
    pub fn row_of(&self, spot: &Spot) -> Option<usize> {
        self.rows.iter().position(|row| row.is_of(spot))
    }

    /// What a part that is not shown stands in, if that is on the screen.
    pub(super) fn holder(&self, part: &Spot) -> Option<Spot> {
        let of_exchange = |row: &&Row| row.turn.exchange == part.exchange;
        let mut spots = self.rows.iter().filter(of_exchange).rev().filter_map(Row::spot);
        spots.find(|spot| spot.item.holds(&part.item))
    }

    /// The item to mark when the marked one is not on the screen: the first one that begins here.
    pub(super) fn first_spot(&self) -> Option<Spot> {
        let begins =
            |row: &&Row| row.turn.item_at(row.line).is_some_and(|item| item.first == row.line);
        self.rows.iter().find(begins).or(self.rows.first())?.spot()
    }

    pub(super) fn last_spot(&self) -> Option<Spot> {
        self.rows.last()?.spot()
    }
}

impl Row {
    pub fn text(&self) -> String {
        self.turn
            .line(self.line)
            .map(|line| line.spans.iter().map(|span| span.text.as_str()).collect())
            .unwrap_or_default()
    }

    /// The column after the sign at the end of this line that says that there is more to be seen,
    /// or less.
    pub fn fold_sign(&self) -> Option<usize> {
        let text = self.text();
        text.ends_with(['▸', '▾']).then(|| ccdump_model::line::width(&text))
    }

    pub fn spot(&self) -> Option<Spot> {
        let item: ItemKey = self.turn.item_at(self.line)?.item.key.clone();
        Some(Spot { exchange: self.turn.exchange, item })
    }

    pub fn is_of(&self, spot: &Spot) -> bool {
        self.turn.exchange == spot.exchange
            && self.turn.item_at(self.line).is_some_and(|item| item.item.key == spot.item)
    }
}
