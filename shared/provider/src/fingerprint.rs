//! The hash of a block's normalised content, and the few of its strings that outlines show.
//!
//! Two blocks have one hash when they differ in form only: `cache_control` moves to the newest
//! message with every request, content flips between a string and an array of one text, and keys
//! may change their order. Strings and numbers count as they are written, since a client writes its
//! history the same way every time: unescaping a megabyte to compare it would take longer than all
//! else.

use blake3::Hasher;
use ccdump_record::Role;

use crate::json;

/// Arrays and objects nested deeper than this count by their bytes. Each level is passed over once
/// more: it bounds the time, too.
const MOST_DEPTH: usize = 32;

/// Strings of a block, as far as it has them.
#[derive(Debug, Default)]
pub(crate) struct Labels {
    pub(crate) wire_type: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) id: Option<String>,
    pub(crate) tool_use_id: Option<String>,
}

/// What a JSON value stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    /// A content block, or a string in place of a text block.
    Block,
    /// A block's `content`: an array of blocks, or a string in place of an array of one text block.
    Content,
    /// Anything else: it counts as it is.
    Plain,
}

/// The hash of a value in valid JSON.
pub(crate) fn of_json(json: &str, level: Level, role: Option<Role>) -> u64 {
    let mut hasher = Hasher::new();
    piece(&mut hasher, b'r', role.map_or("", Role::as_str));
    value(&mut hasher, json, level, 0);
    finish(&hasher)
}

/// The hash of what is not understood.
pub(crate) fn of_bytes(bytes: &[u8]) -> u64 {
    let mut hasher = Hasher::new();
    hasher.update(bytes);
    finish(&hasher)
}

/// The first 8 bytes of the hash.
pub(crate) fn finish(hasher: &Hasher) -> u64 {
    u64::from_le_bytes(hasher.finalize().as_bytes().first_chunk().copied().unwrap_or_default())
}

/// The labels of a block's JSON; none when it is no object.
pub(crate) fn labels(json: &str) -> Labels {
    let mut labels = Labels::default();
    for (key, value) in json::members(json).into_iter().flatten() {
        let label = match &*key {
            "type" => &mut labels.wire_type,
            "name" => &mut labels.name,
            "id" => &mut labels.id,
            "tool_use_id" => &mut labels.tool_use_id,
            _ => continue,
        };
        *label = json::name(value);
    }
    labels
}

fn value(hasher: &mut Hasher, json: &str, level: Level, depth: usize) {
    match json.as_bytes() {
        [b'[', ..] if depth < MOST_DEPTH => {
            let level = if level == Level::Content { Level::Block } else { Level::Plain };
            hasher.update(b"[");
            for element in json::elements(json).into_iter().flatten() {
                value(hasher, element, level, depth + 1);
            }
            hasher.update(b"]");
        }
        [b'{', ..] if depth < MOST_DEPTH => object(hasher, json, level, depth),
        [b'"', ..] if level == Level::Block => text_block(hasher, json),
        [b'"', ..] if level == Level::Content => {
            hasher.update(b"[");
            text_block(hasher, json);
            hasher.update(b"]");
        }
        _ => piece(hasher, b'v', json),
    }
}

/// An object counts as the sum of its members' hashes, so that their order is nothing.
fn object(hasher: &mut Hasher, json: &str, level: Level, depth: usize) {
    let is_block = level == Level::Block;
    let mut sum = 0;
    for (key, member) in json::members(json).into_iter().flatten() {
        if is_block && key == "cache_control" {
            continue;
        }
        let level = if is_block && key == "content" { Level::Content } else { Level::Plain };
        sum = add(sum, &key, |hasher| value(hasher, member, level, depth + 1));
    }
    put_sum(hasher, sum);
}

/// A string, as if it were the block `{"type":"text","text":string}`.
fn text_block(hasher: &mut Hasher, string: &str) {
    let sum = add(0, "type", |hasher| piece(hasher, b'v', "\"text\""));
    put_sum(hasher, add(sum, "text", |hasher| piece(hasher, b'v', string)));
}

fn add(sum: u128, key: &str, put_value: impl FnOnce(&mut Hasher)) -> u128 {
    let mut member = Hasher::new();
    piece(&mut member, b'k', key);
    put_value(&mut member);
    sum.wrapping_add(u128::from_le_bytes(
        member.finalize().as_bytes().first_chunk().copied().unwrap_or_default(),
    ))
}

fn put_sum(hasher: &mut Hasher, sum: u128) {
    hasher.update(b"{");
    hasher.update(&sum.to_le_bytes());
}

fn piece(hasher: &mut Hasher, tag: u8, text: &str) {
    hasher.update(&[tag]);
    hasher.update(&(text.len() as u64).to_le_bytes());
    hasher.update(text.as_bytes());
}
