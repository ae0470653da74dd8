//! Edits of files: what goes and what comes, line by line, with the words that make the difference.

use ccdump_client::text::clean;
use similar::{Algorithm, DiffOp, DiffTag, capture_diff_slices};
use unicode_segmentation::UnicodeSegmentation as _;

use super::{Span, page::Page, plain::Flow, wrap::append};
use ccdump_model::line::expand_tabs;
use ccdump_model::theme::Role;

/// Where more lines differ, they are shown as taken out and put in whole.
const MOST_LINES: usize = 800;
/// Lines of one diff that are shown.
const MOST_SHOWN: usize = 20_000;
/// Unchanged lines that are shown around changed ones, where not all are.
const CONTEXT: usize = 3;
/// Longer lines, and more of them in one place, are not compared word by word.
const LONGEST_LINE: usize = 2_000;
const MOST_PAIRS: usize = 40;
/// Pairs of words that are compared in one diff: it is made while a frame waits.
const MOST_COMPARED: usize = 4_000_000;

/// A text that is to take the place of another.
#[derive(Debug)]
pub(super) struct Edit<'a> {
    pub(super) old: &'a str,
    pub(super) new: &'a str,
}

/// Lines that come and that go.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) added: usize,
    pub(super) removed: usize,
}

pub(super) fn counts(edits: &[Edit<'_>]) -> Counts {
    let mut counts = Counts::default();
    for edit in edits {
        let (old, new) = (lines(edit.old), lines(edit.new));
        for op in compare(&old, &new).0 {
            if op.tag() != DiffTag::Equal {
                counts.removed += op.old_range().len();
                counts.added += op.new_range().len();
            }
        }
    }
    counts
}

/// How many words come and go. `None`: the texts are too long to be told, or have too little in
/// common.
pub(super) fn words_changed(edit: &Edit<'_>) -> Option<Counts> {
    let mut left = MOST_COMPARED;
    words_changed_within(edit, &mut left)
}

/// `left`: pairs of words that may still be compared.
pub(super) fn words_changed_within(edit: &Edit<'_>, left: &mut usize) -> Option<Counts> {
    let (old, new) = (prepared(edit.old), prepared(edit.new));
    let (old, new) = (lines(&old), lines(&new));
    let (ops, is_whole) = compare(&old, &new);
    if !is_whole {
        return None;
    }
    let (mut counts, mut is_related) = (Counts::default(), false);
    for op in ops {
        let before = old.get(op.old_range()).unwrap_or_default();
        let after = new.get(op.new_range()).unwrap_or_default();
        if op.tag() == DiffTag::Equal {
            is_related |= before.iter().any(|line| !line.trim().is_empty());
            continue;
        }
        let (goes, comes) = pairs(before, after, left);
        for at in 0..goes.len().max(comes.len()) {
            let (went, came) = (goes.get(at), comes.get(at));
            let is_partly = [went, came]
                .into_iter()
                .flatten()
                .flatten()
                .any(|(role, _)| *role != Role::Removed && *role != Role::Added);
            is_related |= is_partly;
            counts.removed += went.map_or(0, |line| {
                words_of(line, if is_partly { Role::RemovedWord } else { Role::Removed })
            });
            counts.added += came.map_or(0, |line| {
                words_of(line, if is_partly { Role::AddedWord } else { Role::Added })
            });
        }
    }
    is_related.then_some(counts)
}

/// What changed, and some lines around it. `flow`: how lines that are too long are broken.
pub(super) fn diff(edit: Edit<'_>, flow: Flow, page: &mut Page) {
    let mut left = MOST_COMPARED;
    diff_within(edit, flow, page, &mut left);
}

/// `left`: pairs of words that may still be compared.
pub(super) fn diff_within(edit: Edit<'_>, flow: Flow, page: &mut Page, left: &mut usize) {
    lay_out(&[edit], flow, CONTEXT, page, left);
}

/// Both texts of each edit wholly: what nobody has seen before.
pub(super) fn whole(edits: &[Edit<'_>], page: &mut Page) {
    let mut left = MOST_COMPARED;
    lay_out(edits, Flow::Columns, usize::MAX, page, &mut left);
}

/// `around`: unchanged lines that are shown before and after changed ones.
fn lay_out(edits: &[Edit<'_>], flow: Flow, around: usize, page: &mut Page, left: &mut usize) {
    let most = page.len().saturating_add(MOST_SHOWN);
    for (at, edit) in edits.iter().enumerate() {
        if at > 0 {
            page.words(vec![Span::new(Role::Frame, "⋯")], 2);
        }
        let (old, new) = (prepared(edit.old), prepared(edit.new));
        let (old, new) = (lines(&old), lines(&new));
        let (ops, is_whole) = compare(&old, &new);
        if !is_whole {
            page.words(
                vec![Span::new(Role::Dim, "too many lines differ to be compared one by one")],
                2,
            );
        }
        let last = ops.len().saturating_sub(1);
        for (at, op) in ops.iter().enumerate() {
            if page.len() >= most {
                page.words(vec![Span::new(Role::Dim, "… and more")], 2);
                return;
            }
            let before = old.get(op.old_range()).unwrap_or_default();
            let after = new.get(op.new_range()).unwrap_or_default();
            match op.tag() {
                DiffTag::Equal => context(
                    before,
                    [at > 0, at < last].map(|is_inside| if is_inside { around } else { 0 }),
                    flow,
                    page,
                ),
                _ => {
                    let (goes, comes) =
                        pairs(cut(before, most, page), cut(after, most, page), left);
                    goes.into_iter().for_each(|line| row('-', line, flow, page));
                    comes.into_iter().for_each(|line| row('+', line, flow, page));
                }
            }
        }
    }
}

/// Words of a line that have this role.
fn words_of(line: &Words<'_>, role: Role) -> usize {
    line.iter().filter(|(of, _)| *of == role).map(|(_, text)| text.unicode_words().count()).sum()
}

/// A diff in a form of its own: each line as its sign says.
pub(super) fn patch(text: &str, page: &mut Page) {
    let most = page.len().saturating_add(MOST_SHOWN);
    for line in clean(text).lines() {
        if page.len() >= most {
            page.words(vec![Span::new(Role::Dim, "… and more")], 2);
            return;
        }
        let role = match line.bytes().next() {
            Some(b'+') => Role::Added,
            Some(b'-') => Role::Removed,
            Some(b'@' | b'*') => Role::Frame,
            _ => Role::Text,
        };
        page.columns(vec![Span::new(role, &expand_tabs(line))]);
    }
}

/// Clean, and without tabs.
fn prepared(text: &str) -> String {
    clean(text).split('\n').map(expand_tabs).collect::<Vec<_>>().join("\n")
}

/// As many lines as may still be shown.
fn cut<'a>(lines: &'a [&'a str], most: usize, page: &Page) -> &'a [&'a str] {
    lines.get(..most.saturating_sub(page.len())).unwrap_or(lines)
}

fn lines(text: &str) -> Vec<&str> {
    text.lines().collect()
}

/// What became of the lines. `false`: so many differ that they are not compared with each other.
fn compare(old: &[&str], new: &[&str]) -> (Vec<DiffOp>, bool) {
    // A long text with a small change in it is a small change.
    let begin = old.iter().zip(new).take_while(|(old, new)| old == new).count();
    let ends = old.iter().skip(begin).rev().zip(new.iter().skip(begin).rev());
    let end = ends.take_while(|(old, new)| old == new).count();
    let (old_end, new_end) = (old.len() - end, new.len() - end);
    let (old_len, new_len) = (old_end - begin, new_end - begin);
    if old_len.saturating_add(new_len) <= 2 * MOST_LINES {
        return (capture_diff_slices(Algorithm::Myers, old, new), true);
    }
    let equal = |old_index, new_index, len| {
        (len > 0).then_some(DiffOp::Equal { old_index, new_index, len })
    };
    let replaced = DiffOp::Replace { old_index: begin, old_len, new_index: begin, new_len };
    let ops = [equal(0, 0, begin), Some(replaced), equal(old_end, new_end, end)];
    (ops.into_iter().flatten().collect(), false)
}

/// Unchanged lines: only those that stand near changed ones.
fn context(lines: &[&str], [before, after]: [usize; 2], flow: Flow, page: &mut Page) {
    if lines.len() <= before.saturating_add(after).saturating_add(1) {
        return lines.iter().for_each(|line| row(' ', vec![(Role::Text, line)], flow, page));
    }
    let (head, rest) = lines.split_at(before);
    let tail = rest.split_at(rest.len() - after).1;
    head.iter().for_each(|line| row(' ', vec![(Role::Text, line)], flow, page));
    page.words(vec![Span::new(Role::Frame, "⋯")], 2);
    tail.iter().for_each(|line| row(' ', vec![(Role::Text, line)], flow, page));
}

/// Lines that go, and those that come for them. Where they stand for each other, their words are
/// compared.
fn pairs<'a>(
    old: &[&'a str],
    new: &[&'a str],
    left: &mut usize,
) -> (Vec<Words<'a>>, Vec<Words<'a>>) {
    let (mut goes, mut comes) = (Vec::new(), Vec::new());
    let most = old.len().max(new.len());
    for at in 0..most {
        match (old.get(at), new.get(at)) {
            (Some(old), Some(new)) if most <= MOST_PAIRS => {
                let (old, new) = words(old, new, left);
                goes.push(old);
                comes.push(new);
            }
            (old, new) => {
                goes.extend(old.map(|old| vec![(Role::Removed, *old)]));
                comes.extend(new.map(|new| vec![(Role::Added, *new)]));
            }
        }
    }
    (goes, comes)
}

type Words<'a> = Vec<(Role, &'a str)>;

/// Two lines in words, those that differ marked as such; of lines that have little in common, none.
/// `left`: pairs of words that may still be compared.
fn words<'a>(old: &'a str, new: &'a str, left: &mut usize) -> (Words<'a>, Words<'a>) {
    let plain = (vec![(Role::Removed, old)], vec![(Role::Added, new)]);
    if old.len().max(new.len()) > LONGEST_LINE {
        return plain;
    }
    let old_words: Vec<&str> = old.split_word_bounds().collect();
    let new_words: Vec<&str> = new.split_word_bounds().collect();
    let Some(rest) = left.checked_sub(old_words.len().saturating_mul(new_words.len())) else {
        return plain;
    };
    *left = rest;
    let (mut goes, mut comes, mut same) = (Vec::new(), Vec::new(), 0);
    for op in capture_diff_slices(Algorithm::Myers, &old_words, &new_words) {
        let is_same = op.tag() == DiffTag::Equal;
        let old = old_words.get(op.old_range()).unwrap_or_default();
        let new = new_words.get(op.new_range()).unwrap_or_default();
        same += if is_same { old.iter().map(|word| word.trim().len()).sum::<usize>() } else { 0 };
        goes.extend(
            old.iter().map(|word| (if is_same { Role::Removed } else { Role::RemovedWord }, *word)),
        );
        comes.extend(
            new.iter().map(|word| (if is_same { Role::Added } else { Role::AddedWord }, *word)),
        );
    }
    if same * 3 >= old.trim().len().max(new.trim().len()) { (goes, comes) } else { plain }
}

fn row(sign: char, words: Words<'_>, flow: Flow, page: &mut Page) {
    let role = match sign {
        '-' => Role::Removed,
        '+' => Role::Added,
        _ => Role::Frame,
    };
    page.indent(Span::new(role, &format!("{sign} ")), Span::new(Role::Text, "  "));
    let mut line = Vec::new();
    for (role, text) in words {
        append(&mut line, role, &Span::new(role, text).text);
    }
    match flow {
        Flow::Words => page.words(line, 0),
        Flow::Columns => page.columns(line),
    }
    page.outdent();
}
