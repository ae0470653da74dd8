//! Two exchanges side by side: their requests region by region, and their answers in numbers.

use ccdump_client::text::units;
use ccdump_model::{
    compare::{self, Compared, Comparison, Half, Pair, Region, Relation},
    line::Span,
    theme::Role,
};
use ccdump_record::{Block, BlockKind, Role as Speaker};
use ccdump_state::State;

use super::{figures, here, page::Page, text};
use crate::lines::difference::{self, Budget};

/// Differences of so many lines are unfolded, while there are few of them.
const SHORT: usize = 24;

pub(super) fn compare(page: &mut Page, state: &State, left: u64, right: u64) {
    about(page, state, left, right);
    let material = state.sheet.material.compared(left, right);
    if let Some(compared) = here(page, material) {
        requests(page, state, compared, [left, right]);
    }
    figures::figures(page, state, left, right);
}

/// What is to be known of the two before they are compared.
fn about(page: &mut Page, state: &State, left: u64, right: u64) {
    let (Some(was), Some(is)) = (state.roster.row(left), state.roster.row(right)) else { return };
    let words = match () {
        () if was.provider != is.provider => {
            format!(
                "of two providers: {} and {}; few of their blocks can be the same",
                was.provider, is.provider
            )
        }
        () if was.session != is.session => "of two sessions".to_owned(),
        () if was.agent != is.agent => "of two agents of one session".to_owned(),
        () if was.thread.is_none() || was.thread != is.thread => "of two threads".to_owned(),
        () => return,
    };
    page.remark(Role::Dim, &words);
}

fn requests(page: &mut Page, state: &State, compared: &Compared, exchanges: [u64; 2]) {
    for (half, exchange) in [&compared.left, &compared.right].into_iter().zip(exchanges) {
        if half.blocks.is_empty() {
            page.remark(Role::Warning, &format!("nothing is known of the request of #{exchange}"));
        } else if half.blocks.iter().all(|block| block.kind == BlockKind::Raw) {
            page.remark(
                Role::Warning,
                &format!("the request of #{exchange} is not understood: it is compared as it is"),
            );
        }
    }
    let session = |exchange| state.roster.row(exchange).and_then(|row| row.session.as_deref());
    let names = exchanges.map(session);
    let mut budget = Budget::default();
    for region in &compared.regions {
        let is_same = region.count(Relation::Same) == region.pairs.len();
        let at = page.push(0, region.region.name(), title(region));
        page.row(at).into_iter().for_each(|row| row.is_open = !is_same);
        for run in region.runs() {
            match run {
                [pair] if pair.relation != Relation::Same => {
                    one(page, state, compared, region.region, *pair, names, &mut budget)
                }
                run => same(page, compared, region.region, run),
            }
        }
    }
}

/// `tools  1 changed · 12 same`
fn title(region: &Comparison) -> Vec<Span> {
    let mut spans = vec![Span::new(Role::Heading, &format!("{:<11}", region.region.name()))];
    let counts = Relation::ALL
        .into_iter()
        .map(|relation| (relation, region.count(relation)))
        .filter(|(_, count)| *count > 0);
    for (number, (relation, count)) in counts.enumerate() {
        if number > 0 {
            spans.push(Span::new(Role::Dim, " · "));
        }
        spans.push(Span::new(role(relation), &format!("{count} {}", relation.name())));
    }
    spans
}

fn role(relation: Relation) -> Role {
    match relation {
        Relation::Same | Relation::Moved => Role::Dim,
        Relation::Changed => Role::Changed,
        Relation::Added => Role::Added,
        Relation::Removed => Role::Removed,
    }
}

fn sign(relation: Relation) -> &'static str {
    match relation {
        Relation::Same => "= ",
        Relation::Moved => "> ",
        Relation::Changed => "~ ",
        Relation::Added => "+ ",
        Relation::Removed => "- ",
    }
}

/// A run of blocks that are the same: one row.
fn same(page: &mut Page, compared: &Compared, region: Region, run: &[Pair]) {
    let blocks = || run.iter().filter_map(|pair| compared.right.block(pair.right));
    let bytes = blocks().fold(0_u64, |sum, block| sum.saturating_add(block.length()));
    let count = match region {
        Region::Messages => units::plural(compare::units(blocks()), "message"),
        Region::System => units::plural(run.len(), "section"),
        Region::Tools => units::plural(run.len(), "tool"),
        Region::Parameters => units::plural(run.len(), "parameter"),
    };
    let name = blocks().next().map_or("", |block| &block.pointer);
    let words = format!("= {count} the same · {}", units::bytes(bytes));
    page.push(1, &format!("same {name}"), vec![Span::new(Role::Dim, &words)]);
}

fn one(
    page: &mut Page,
    state: &State,
    compared: &Compared,
    region: Region,
    pair: Pair,
    sessions: [Option<&str>; 2],
    budget: &mut Budget,
) {
    let (was, is) = (compared.left.block(pair.left), compared.right.block(pair.right));
    let Some(block) = is.or(was) else { return };
    let mut spans = vec![Span::new(role(pair.relation), sign(pair.relation))];
    match region {
        Region::System => spans.extend(section(state, [was, is], sessions)),
        Region::Tools | Region::Parameters => spans.push(Span::new(Role::Text, name(block))),
        Region::Messages => spans.extend(message(block)),
    }
    let side = if is.is_some() { "right" } else { "left" };
    let path =
        format!("{side} {}", if region == Region::Tools { name(block) } else { &block.pointer });
    if pair.relation == Relation::Moved {
        let from = was.map_or("", |was| &was.pointer);
        spans.push(Span::new(Role::Dim, &format!(" · from {from}")));
        page.push(1, &path, spans);
        return;
    }
    let contents = [held(&compared.left, pair.left), held(&compared.right, pair.right)];
    match contents {
        [Some(Err(why)), _] | [_, Some(Err(why))] => {
            spans.push(Span::new(
                Role::Dim,
                &format!(" · {} · {why}", units::bytes(block.length())),
            ));
            page.push(1, &path, spans);
        }
        [Some(Ok(was)), Some(Ok(is))] => {
            if let (Some(was), Some(is)) = (difference::short(was), difference::short(is)) {
                spans.extend([
                    Span::new(Role::Dim, ": "),
                    Span::new(Role::Removed, &was),
                    Span::new(Role::Dim, " → "),
                    Span::new(Role::Added, &is),
                ]);
                page.push(1, &path, spans);
                return;
            }
            let at = page.push(1, &path, spans);
            changed(page, at, &difference::text(was), &difference::text(is), budget);
        }
        [was, is] => {
            let Some(Ok(content)) = is.or(was) else { return };
            if let Some(value) = difference::short(content) {
                spans.extend([Span::new(Role::Dim, ": "), Span::new(role(pair.relation), &value)]);
                page.push(1, &path, spans);
                return;
            }
            spans.push(Span::new(Role::Dim, &format!(" · {}", units::bytes(block.length()))));
            let at = page.push(1, &path, spans);
            page.gist(
                at,
                vec![Span::new(Role::Dim, "  "), Span::new(Role::Text, &difference::gist(content))],
            );
            text::text(page, 2, Role::Text, &difference::text(content));
        }
    }
}

/// What makes the difference, below a row.
pub(super) fn changed(page: &mut Page, at: usize, was: &str, is: &str, budget: &mut Budget) {
    let depth = page.row(at).map_or(0, |row| row.depth) + 1;
    match difference::difference(was, is, page.room(depth), budget) {
        Ok(found) => {
            let gist = found.gist.unwrap_or_else(|| "all of it".to_owned());
            page.append(at, vec![Span::new(Role::Dim, &format!(" · {gist}"))]);
            // What is short is to be seen at once, as far as it stays an overview.
            let is_open = found.lines.len() <= SHORT && budget.unfold(found.lines.len());
            page.row(at).into_iter().for_each(|row| row.is_open |= is_open);
            for (number, line) in found.lines.into_iter().enumerate() {
                page.push(depth, &number.to_string(), line.spans);
            }
        }
        Err(why) => page.append(at, vec![Span::new(Role::Dim, &format!(" · {why}"))]),
    }
}

type HeldContent<'a> = Result<&'a std::sync::Arc<ccdump_provider::content::Content>, &'a str>;

fn held(half: &Half, at: Option<usize>) -> Option<HeldContent<'_>> {
    at.map(|at| half.content(Some(at)))
}

/// `§2 sp-1 → sp-4`
fn section(
    state: &State,
    [was, is]: [Option<&Block>; 2],
    [left, right]: [Option<&str>; 2],
) -> Vec<Span> {
    let sections = &state.sections;
    let tag = |block: Option<&Block>, session| {
        block.and_then(|block| sections.number(session, block.hash))
    };
    let index = is
        .or(was)
        .and_then(|block| block.pointer.rsplit('/').next()?.parse::<usize>().ok())
        .unwrap_or(0);
    let mut spans = vec![Span::new(Role::System, &format!("§{}", index.saturating_add(1)))];
    let tags: Vec<usize> = [tag(was, left), tag(is, right)].into_iter().flatten().collect();
    for (number, tag) in tags.into_iter().enumerate() {
        spans.push(Span::new(Role::Dim, if number > 0 { " → " } else { " " }));
        spans.push(Span::new(Role::tag(tag), &format!("sp-{tag}")));
    }
    spans
}

/// `3.1 user tool result Bash`
fn message(block: &Block) -> Vec<Span> {
    let mut parts = block.pointer.split('/').filter(|part| part.parse::<usize>().is_ok());
    let number = parts.by_ref().take(2).collect::<Vec<_>>().join(".");
    let role = match block.role {
        Some(Speaker::User) => Role::User,
        Some(Speaker::Assistant) => Role::Assistant,
        Some(Speaker::System) => Role::System,
        None => Role::Text,
    };
    let speaker = block.role.map_or("", Speaker::as_str);
    let what = match block.kind {
        BlockKind::Unknown if !block.wire_type.is_empty() => block.wire_type.clone(),
        kind => kind.as_str().replace('_', " "),
    };
    let name = block.name.as_deref().unwrap_or_default();
    let words =
        [(Role::Dim, &*number), (role, speaker), (Role::Text, &*what), (Role::ToolCall, name)];
    let words = words.into_iter().filter(|(_, word)| !word.is_empty()).enumerate();
    words
        .flat_map(|(at, (role, word))| {
            [Span::new(Role::Text, if at > 0 { " " } else { "" }), Span::new(role, word)]
        })
        .collect()
}

fn name(block: &Block) -> &str {
    block.name.as_deref().unwrap_or(&block.pointer)
}
