//! The body of `/v1/messages`, taken apart into blocks.

use ccdump_record::{BlockKind, Role};
use serde_json::Value;

use crate::{
    agent_call,
    blocks::Blocks,
    json::{self, Text},
};

use super::{RequestFacts, RequestRole};

/// Texts before the first answer that are told apart; agents send a handful.
const MOST_OPENINGS: usize = 64;

/// Blocks in display order: parameters, system, tools, messages.
pub(super) fn read(body: &str, facts: &mut RequestFacts) {
    let value = |name| json::member(body, name);
    facts.session = value("metadata").and_then(session);
    if facts.role == RequestRole::Turn && is_title_request(body) {
        facts.role = RequestRole::Auxiliary;
    }
    let mut blocks = Blocks::new(body);
    for (key, value) in json::members(body).into_iter().flatten() {
        if !matches!(&*key, "system" | "tools" | "messages") {
            blocks.parameter(&key, value);
        }
    }
    if let Some(system) = value("system") {
        read_list(&mut blocks, system, "/system", BlockKind::System, Some(Role::System));
    }
    if let Some(tools) = value("tools") {
        read_list(&mut blocks, tools, "/tools", BlockKind::ToolDefinition, None);
    }
    if let Some(messages) = value("messages") {
        facts.openings = openings(messages);
        let is_array = blocks.each(messages, |blocks, index, message| {
            read_message(blocks, &format!("/messages/{index}"), message)
        });
        if !is_array {
            blocks.block(|| "/messages".to_owned(), messages, Some(BlockKind::Unknown), None);
        }
    }
    facts.blocks = blocks.finish();
}

/// Blocks of one kind: the elements of an array, or the whole value.
fn read_list(
    blocks: &mut Blocks<'_>,
    list: &str,
    pointer: &str,
    kind: BlockKind,
    role: Option<Role>,
) {
    let is_array = blocks.each(list, |blocks, index, element| {
        blocks.block(|| format!("{pointer}/{index}"), element, Some(kind), role);
    });
    if !is_array {
        blocks.block(|| pointer.to_owned(), list, Some(kind), role);
    }
}

fn read_message(blocks: &mut Blocks<'_>, pointer: &str, message: &str) {
    let role =
        json::member(message, "role").and_then(json::name).and_then(|role| Role::of_name(&role));
    let Some(content) = json::member(message, "content") else {
        return blocks.block(|| pointer.to_owned(), message, Some(BlockKind::Unknown), role);
    };
    if content.starts_with('"') {
        return blocks.block(|| format!("{pointer}/content"), content, Some(BlockKind::Text), role);
    }
    let is_array = blocks.each(content, |blocks, index, element| {
        blocks.block(|| format!("{pointer}/content/{index}"), element, None, role);
    });
    if !is_array {
        blocks.block(|| pointer.to_owned(), message, Some(BlockKind::Unknown), role);
    }
}

/// What the user said before the first answer.
fn openings(messages: &str) -> Vec<u64> {
    let role = |message: &&str| json::member(message, "role").and_then(json::name);
    let first = json::elements(messages)
        .into_iter()
        .flatten()
        .take_while(|message| role(message).as_deref() != Some("assistant"));
    let of_user = first.filter(|message| role(message).as_deref() == Some("user"));
    let contents = of_user.filter_map(|message| json::member(message, "content"));
    let texts = contents.flat_map(|content| {
        let blocks = json::elements(content)
            .into_iter()
            .flatten()
            .filter_map(|block| json::member(block, "text"));
        blocks.chain(Some(content).filter(|content| content.starts_with('"')))
    });
    let read = |text: &str| {
        serde_json::from_str::<Text<'_>>(text).ok().map(|Text(text)| agent_call::of_text(&text))
    };
    texts.take(MOST_OPENINGS).filter_map(read).collect()
}

/// `user_id` is a JSON string with a `session_id` in it, or, in older versions,
/// `user_HASH_account_UUID_session_UUID`.
fn session(metadata: &str) -> Option<String> {
    let metadata: Value = json::parse(metadata.as_bytes()).ok()?;
    let user = metadata.pointer("/user_id")?.as_str()?;
    let session = match json::parse::<Value>(user.as_bytes()) {
        Ok(user) => json::name_at(&user, "/session_id"),
        Err(_) => user.rsplit_once("_session_").map(|(_, session)| json::name_of(session)),
    };
    session.filter(|session| !session.is_empty())
}

/// No tools, and a schema for the answer: a title or a classification beside the conversation.
fn is_title_request(body: &str) -> bool {
    let value = |name| json::member(body, name);
    let is_set = |value: &str| value != "null";
    let has_tools =
        value("tools").and_then(json::elements).is_some_and(|mut tools| tools.next().is_some());
    let format = value("output_config").and_then(|config| json::member(config, "format"));
    let has_schema = format.is_some_and(is_set) || value("output_format").is_some_and(is_set);
    has_schema && !has_tools
}
