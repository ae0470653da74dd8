//! Masks the credentials in a report. What one is stands in `shared/secrets`.

use std::{borrow::Cow, cell::Cell};

use ccdump_secrets::{content, header, plain, target, text};
use serde_json::Value;

/// Masks credentials in all texts of a value; gives how many there were.
pub fn scrub(value: &mut Value) -> usize {
    let count = Cell::new(0);
    let mark = |secret: &str| {
        count.set(count.get() + 1);
        plain(secret)
    };
    let mut waiting = vec![("", value)];
    while let Some((name, value)) = waiting.pop() {
        match value {
            Value::String(told) => {
                let masked = match name {
                    "path" => target(told, &mark),
                    "error" | "upstream" => text(told, &mark),
                    _ => content(told, &mark),
                };
                if let Cow::Owned(masked) = masked {
                    *told = masked;
                }
            }
            Value::Array(values) => {
                // Heads of a daemon that knew less than this table.
                if let [Value::String(field), Value::String(told)] = &mut values[..]
                    && let Cow::Owned(masked) = header(field, told, &mark)
                {
                    *told = masked;
                }
                waiting.extend(values.iter_mut().map(|value| ("", value)));
            }
            Value::Object(fields) => {
                waiting.extend(fields.iter_mut().map(|(name, value)| (name.as_str(), value)))
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    count.get()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_text_of_a_value_is_looked_at() {
        let mut value = json!({
            "a": ["sk-ant-0123456789", {"b": "x https://u:p@h y AKIAIOSFODNN7EXAMPLE"}],
            "heads": {"upstream": "http://h/?key=k", "request": [["X-Vault-Token", "abc"], ["x-plain", "password=p"]]},
            "path": "/v1?key=abc",
            "text": "password=p",
            "c": 1,
            "d": null,
        });
        assert_eq!(scrub(&mut value), 7);
        let wanted = json!({
            "a": ["‹secret len=17›", {"b": "x https://‹secret len=3›@h y ‹secret len=20›"}],
            "heads": {
                "upstream": "http://h/?key=‹secret len=1›",
                "request": [["X-Vault-Token", "‹secret len=3›"], ["x-plain", "password=‹secret len=1›"]],
            },
            "path": "/v1?key=‹secret len=3›",
            "text": "password=p",
            "c": 1,
            "d": null,
        });
        assert_eq!(value, wanted);
        assert_eq!(scrub(&mut value), 0, "once is enough");
    }
}
