//! Reports of earlier builds. In format 1 kinds, states and ends were the numbers that they have on
//! the wire.

use ccdump_record::{BlockKind, BlockState, ClosedBy, EndState, RequestRole};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::FORMAT;

/// By their numbers on the wire, from 1.
const CLOSED_BY: [ClosedBy; 7] = [
    ClosedBy::Finished,
    ClosedBy::Upstream,
    ClosedBy::Client,
    ClosedBy::Unreachable,
    ClosedBy::Daemon,
    ClosedBy::Refused,
    ClosedBy::Proxy,
];
const STATES: [BlockState; 3] = [BlockState::New, BlockState::Changed, BlockState::Same];

/// Makes a report of format 1 one of today's.
pub(super) fn from_first(report: &mut Value) {
    let rows = report.get_mut("rows").and_then(Value::as_array_mut);
    rows.into_iter().flatten().filter_map(Value::as_object_mut).for_each(row);
    let mut waiting = vec![&mut *report];
    while let Some(value) = waiting.pop() {
        match value {
            Value::Object(fields) => {
                if fields.contains_key("pointer") && fields.contains_key("wire_type") {
                    block(fields);
                }
                waiting.extend(fields.values_mut());
            }
            Value::Array(values) => waiting.extend(values),
            _ => {}
        }
    }
    if let Some(format) = report.get_mut("format") {
        *format = FORMAT.into();
    }
}

fn row(fields: &mut Map<String, Value>) {
    name(fields, "end_state", &EndState::ALL);
    name(fields, "closed_by", &CLOSED_BY);
    let role = fields.get("role").and_then(Value::as_str).unwrap_or_default();
    fields.insert("role".to_owned(), json!(RequestRole::of_name(role)));
}

fn block(fields: &mut Map<String, Value>) {
    // The first one says nothing, and is none of the numbers.
    name(fields, "kind", BlockKind::ALL.get(1..).unwrap_or_default());
    name(fields, "state", &STATES);
    // Here there is nothing that is not known.
    for (field, unknown) in [("kind", json!(BlockKind::Unknown)), ("state", json!(BlockState::New))]
    {
        if fields.get(field).is_none_or(Value::is_null) {
            fields.insert(field.to_owned(), unknown);
        }
    }
    if fields.get("role").is_some_and(|role| role == "") {
        fields.insert("role".to_owned(), Value::Null);
    }
    let [offset, length] =
        ["offset", "length"].map(|field| fields.get(field).and_then(Value::as_u64).unwrap_or(0));
    fields.insert("range".to_owned(), json!(offset..offset.saturating_add(length)));
}

/// A number becomes the name of what it stood for; nothing where that is not known.
fn name<T: Serialize>(fields: &mut Map<String, Value>, field: &str, names: &[T]) {
    let Some(value) = fields.get_mut(field) else { return };
    let number = value.as_u64().and_then(|number| usize::try_from(number).ok()?.checked_sub(1));
    *value = number.and_then(|number| names.get(number)).map_or(Value::Null, |name| json!(name));
}
