//! What a tool takes: the schema of its arguments, as people read it.

use serde_json::{Map, Value};

use super::{
    Span, json,
    page::Page,
    plain::{self, Flow},
};
use ccdump_model::theme::Role;

type Schema = Map<String, Value>;

/// Names that providers have for the schema of the arguments.
const ARGUMENTS: [&str; 4] = ["input_schema", "inputSchema", "parameters", "parametersJsonSchema"];
/// What is nested deeper than this is shown as JSON.
const DEEPEST: usize = 12;
/// Longer values stand on lines of their own.
const SHORT: usize = 60;

/// All that is said of a tool beside its name and its description.
pub(super) fn definition(page: &mut Page, rest: &Schema) {
    let (schemas, rest): (Vec<_>, Vec<_>) = rest
        .iter()
        .map(|(name, value)| (name.as_str(), value))
        .partition(|(name, value)| ARGUMENTS.contains(name) && value.is_object());
    for schema in schemas.into_iter().filter_map(|(_, value)| value.as_object()) {
        arguments(page, schema, 0);
        json::fields(page, &others(schema));
    }
    json::fields(page, &rest);
}

/// Those that a call cannot do without come first.
fn arguments(page: &mut Page, schema: &Schema, depth: usize) {
    let Some(properties) = properties(schema) else { return };
    let required: Vec<&str> = required(schema).collect();
    let first = required.iter().filter_map(|name| properties.get_key_value(*name));
    let then = properties.iter().filter(|(name, _)| !required.contains(&name.as_str()));
    for (name, value) in first.chain(then) {
        match value {
            Value::Object(of_it) => {
                argument(page, name, required.contains(&name.as_str()), of_it, depth)
            }
            value => json::fields(page, &[(name, value)]),
        }
    }
}

/// `name  string · required · maxLength 60`, below it what it is for, and what stands in it.
fn argument(page: &mut Page, name: &str, is_required: bool, schema: &Schema, depth: usize) {
    let (short, long): (Vec<_>, Vec<_>) =
        others(schema).into_iter().partition(|(_, value)| in_short(value).is_some());
    let mut facts: Vec<String> = kind(schema).into_iter().collect();
    facts.extend(is_required.then(|| "required".to_owned()));
    facts.extend(
        short.into_iter().filter_map(|(name, value)| Some(format!("{name} {}", in_short(value)?))),
    );
    let facts = Span::new(Role::Dim, &format!("  {}", facts.join(" · ")));
    page.words(vec![Span::new(Role::CodeName, name), facts], 2);
    page.inset();
    plain::text(page, Role::Text, description(schema).unwrap_or_default(), Flow::Words);
    if depth < DEEPEST {
        arguments(page, schema, depth + 1);
        items(schema).into_iter().for_each(|items| argument(page, "each", false, items, depth + 1));
    } else {
        json::fields(
            page,
            &["properties", "items"]
                .into_iter()
                .filter_map(|name| Some((name, schema.get(name)?)))
                .collect::<Vec<_>>(),
        );
    }
    json::fields(page, &long);
    page.outdent();
}

/// What is not told in a way of its own.
fn others(schema: &Schema) -> Vec<(&str, &Value)> {
    let is_told = |name: &str| match name {
        "type" => kind(schema).is_some(),
        "description" => description(schema).is_some(),
        "properties" => properties(schema).is_some(),
        "required" => required(schema)
            .all(|name| properties(schema).is_some_and(|all| all.contains_key(name))),
        "items" => items(schema).is_some(),
        _ => false,
    };
    schema
        .iter()
        .map(|(name, value)| (name.as_str(), value))
        .filter(|(name, _)| !is_told(name))
        .collect()
}

fn properties(schema: &Schema) -> Option<&Schema> {
    schema.get("properties")?.as_object()
}

fn items(schema: &Schema) -> Option<&Schema> {
    schema.get("items")?.as_object()
}

fn description(schema: &Schema) -> Option<&str> {
    schema.get("description")?.as_str()
}

fn required(schema: &Schema) -> impl Iterator<Item = &str> {
    schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// `string`, or `string or null`.
fn kind(schema: &Schema) -> Option<String> {
    match schema.get("type")? {
        Value::String(kind) => Some(kind.clone()),
        Value::Array(kinds) => {
            Some(kinds.iter().map(Value::as_str).collect::<Option<Vec<_>>>()?.join(" or "))
        }
        _ => None,
    }
}

/// A value that may stand beside others on a line.
fn in_short(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(scalar).collect::<Option<Vec<_>>>()?.join(", "),
        Value::Object(_) => return None,
        value => value.to_string(),
    };
    (text.len() <= SHORT && !text.contains(['\n', '\r'])).then_some(text)
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(_) | Value::Object(_) => None,
        value => Some(value.to_string()),
    }
}
