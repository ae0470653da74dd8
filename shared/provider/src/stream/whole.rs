//! The contents of an answer that came whole.

use serde_json::Value;

use crate::{
    blocks::kind_of,
    content::{self, Content},
    provider::Provider,
    signal,
};

/// `None` when the answer is no message.
pub(super) fn contents(provider: Provider, answer: &Value) -> Option<Vec<Content>> {
    match provider {
        Provider::Anthropic => Some(list(answer, "/content")?.iter().map(block).collect()),
        Provider::OpenAi => match list(answer, "/output") {
            Some(items) => Some(items.iter().flat_map(item).collect()),
            None => answer.pointer("/choices/0").map(choice),
        },
        Provider::Gemini => {
            answer.get("candidates").map(|_| signal::gemini_parts(answer).map(part).collect())
        }
        Provider::Unknown => None,
    }
}

fn list<'a>(value: &'a Value, pointer: &str) -> Option<&'a Vec<Value>> {
    value.pointer(pointer)?.as_array()
}

fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer)?.as_str().filter(|text| !text.is_empty())
}

fn block(block: &Value) -> Content {
    let kind = kind_of(text(block, "/type").unwrap_or_default());
    content::of_value(kind, block.clone())
}

/// An item of a response's output.
fn item(item: &Value) -> Vec<Content> {
    let texts = |pointer| {
        list(item, pointer)
            .into_iter()
            .flatten()
            .filter_map(|part| text(part, "/text").or_else(|| text(part, "/refusal")))
    };
    match text(item, "/type").unwrap_or_default() {
        "message" => texts("/content").map(|text| Content::Text(text.to_owned())).collect(),
        "reasoning" => texts("/summary")
            .chain(texts("/content"))
            .map(|text| Content::Thinking(text.to_owned()))
            .collect(),
        "function_call" => vec![call(text(item, "/name"), item.get("arguments"))],
        "custom_tool_call" => vec![call(text(item, "/name"), item.get("input"))],
        wire_type => vec![Content::Other { wire_type: wire_type.to_owned(), json: item.clone() }],
    }
}

/// A chat completion's choice.
fn choice(choice: &Value) -> Vec<Content> {
    let thinking =
        text(choice, "/message/reasoning_content").or_else(|| text(choice, "/message/reasoning"));
    let said = text(choice, "/message/content")
        .or_else(|| text(choice, "/message/refusal"))
        .or_else(|| text(choice, "/text"));
    let calls = list(choice, "/message/tool_calls").into_iter().flatten();
    let calls =
        calls.map(|tool| call(text(tool, "/function/name"), tool.pointer("/function/arguments")));
    let thinking = thinking.map(|text| Content::Thinking(text.to_owned()));
    thinking
        .into_iter()
        .chain(said.map(|text| Content::Text(text.to_owned())))
        .chain(calls)
        .collect()
}

fn part(part: &Value) -> Content {
    match (text(part, "/text"), part.get("functionCall")) {
        (Some(text), _) if part.get("thought") == Some(&Value::Bool(true)) => {
            Content::Thinking(text.to_owned())
        }
        (Some(text), _) => Content::Text(text.to_owned()),
        (None, Some(function)) => call(text(function, "/name"), function.get("args")),
        (None, None) => Content::Other { wire_type: String::new(), json: part.clone() },
    }
}

/// Arguments come as a text that is JSON, or as JSON.
fn call(name: Option<&str>, arguments: Option<&Value>) -> Content {
    let input = match arguments {
        Some(Value::String(text)) => {
            serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.clone()))
        }
        Some(json) => json.clone(),
        None => Value::Null,
    };
    Content::ToolUse { name: name.unwrap_or_default().to_owned(), input }
}
