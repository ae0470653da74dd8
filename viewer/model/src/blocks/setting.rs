//! What a request sets up before anything is said: system prompt, tools, parameters. Only what is
//! new here, changed or gone.

use ccdump_client::text::units;
use ccdump_provider::content::Content;
use ccdump_record::{Block, BlockKind};

use super::{
    Category, Change, ItemBody, Parameter, Source, ToolDefinition,
    former::Former,
    list::List,
    piece::{part, wanted},
    turn::Turn,
};
use crate::record::{Held, Piece, RequestSide};

pub(super) fn add(turn: Turn<'_>, side: &RequestSide, former: &Former<'_>, list: &mut List) {
    system(turn, side, former, list);
    tools(side, list);
    parameters(side, list);
}

fn system(turn: Turn<'_>, side: &RequestSide, former: &Former<'_>, list: &mut List) {
    let sections = || of_kind(side, BlockKind::System);
    let moved = side.moved();
    let of = side.setting_before().is_none().then(|| sections().count());
    for section in sections() {
        let number = section_number(&section.block.pointer);
        let (session, hash) = (turn.row.session.as_deref(), section.block.hash);
        let tag = turn.sections.and_then(|sections| sections.number(session, hash));
        // In a request that is compared with none, as an agent's first, all is new but what the
        // session has said before.
        let is_older =
            || turn.sections.is_some_and(|sections| sections.is_older(session, hash, turn.row.id));
        let change = match side.setting_before() {
            None if is_older() => Change::Same,
            _ => Change::from(section.block.state),
        };
        let body = ItemBody::System { tag, number, of, text: part(section), change };
        let wants = wanted(Source::Request, section).into_iter().collect();
        list.add_block(Source::Request, &section.block, Category::System, body, wants);
        list.was(
            &section.block,
            former,
            moved.iter().any(|(new, _)| *new == section.block.pointer),
        );
    }
    let is_gone = |block: &&Block| moved.iter().all(|(_, gone)| *gone != block.pointer);
    let gone = removed(side, BlockKind::System).filter(is_gone).count();
    if gone > 0 {
        let notice = ItemBody::Notice(format!(
            "gone from the system prompt: {}",
            units::plural(gone, "section")
        ));
        list.add("system/gone", Category::System, notice);
    }
}

/// `/system/2` is the third section; `/system` is the only one.
fn section_number(pointer: &str) -> usize {
    let index = pointer.rsplit('/').next().and_then(|index| index.parse::<usize>().ok());
    index.unwrap_or_default().saturating_add(1)
}

fn tools(side: &RequestSide, list: &mut List) {
    let pieces = || of_kind(side, BlockKind::ToolDefinition);
    let definitions: Vec<ToolDefinition> = pieces()
        .map(|piece| ToolDefinition {
            name: piece.block.name.clone().unwrap_or_else(|| piece.block.wire_type.clone()),
            bytes: piece.block.length(),
            change: Change::from(piece.block.state),
            content: here(piece),
        })
        .collect();
    let removed = names(removed(side, BlockKind::ToolDefinition));
    if definitions.is_empty() && removed.is_empty() {
        return;
    }
    let bytes = definitions.iter().fold(0_u64, |sum, tool| sum.saturating_add(tool.bytes));
    let change = if side.setting_before().is_some() { Change::Changed } else { Change::New };
    let wants = pieces().filter_map(|piece| wanted(Source::Request, piece)).collect();
    list.add_wanting(
        "tools",
        Category::Tools,
        ItemBody::Tools { definitions, removed, bytes, change },
        wants,
    );
}

fn parameters(side: &RequestSide, list: &mut List) {
    let pieces = || of_kind(side, BlockKind::Parameter);
    let parameters: Vec<Parameter> = pieces()
        .map(|piece| Parameter {
            name: piece.block.name.clone().unwrap_or_default(),
            bytes: piece.block.length(),
            change: Change::from(piece.block.state),
            value: here(piece),
        })
        .collect();
    let removed = names(removed(side, BlockKind::Parameter));
    if parameters.is_empty() && removed.is_empty() {
        return;
    }
    let wants = pieces().filter_map(|piece| wanted(Source::Request, piece)).collect();
    list.add_wanting(
        "parameters",
        Category::Metadata,
        ItemBody::Parameters { parameters, removed },
        wants,
    );
}

fn of_kind(side: &RequestSide, wanted: BlockKind) -> impl Iterator<Item = &Piece> {
    side.pieces.iter().filter(move |piece| piece.block.kind == wanted)
}

fn removed(side: &RequestSide, wanted: BlockKind) -> impl Iterator<Item = &Block> {
    side.removed.iter().filter(move |block| block.kind == wanted)
}

fn names<'a>(blocks: impl Iterator<Item = &'a Block>) -> Vec<String> {
    blocks.map(|block| block.name.clone().unwrap_or_else(|| block.pointer.clone())).collect()
}

fn here(piece: &Piece) -> Option<std::sync::Arc<Content>> {
    match &piece.content {
        Held::Here(content) => Some(content.clone()),
        _ => None,
    }
}
