//! What an exchange cost, by the list prices of text tokens. Batch and fast-mode surcharges, tool
//! fees and discounts are not in it.

use std::sync::OnceLock;

use serde::Deserialize;

use ccdump_record::Usage;

/// Written by `scripts/prices.py`, which also describes the format.
const TABLE: &str = include_str!("prices.json");

/// Names longer than this are no model's.
const LONGEST_NAME: usize = 200;

#[derive(Debug, Default, Deserialize)]
struct Table {
    stamp: String,
    models: Vec<Model>,
}

#[derive(Debug, Deserialize)]
struct Model {
    #[serde(rename = "match")]
    alternatives: Vec<Vec<String>>,
    prices: Vec<Row>,
}

/// For prompts of more than so many tokens: US dollars per million tokens.
#[derive(Debug, Clone, Copy, Deserialize)]
struct Row(i64, f64, f64, f64, f64, f64);

/// The cost in US dollars. `None`, which is not zero: the model is not in the table, or the usage
/// is unknown or negative.
pub fn cost_usd(model: &str, usage: &Usage) -> Option<f64> {
    if usage.input.is_none() && usage.output.is_none() {
        return None;
    }
    let counts =
        [usage.input, usage.output, usage.cache_read, usage.cache_write_5m, usage.cache_write_1h];
    let [input, output, cache_read, short_write, long_write] =
        counts.map(Option::unwrap_or_default);
    if [input, output, cache_read, short_write, long_write].into_iter().any(i64::is_negative) {
        return None;
    }
    let prompt = [cache_read, short_write, long_write].into_iter().fold(input, i64::saturating_add);
    let rows = &table().models.iter().find(|known| known.is(model))?.prices;
    // A longer prompt reprices the whole request.
    let Row(_, per_input, per_output, per_read, per_short_write, per_long_write) =
        *rows.iter().rfind(|Row(from, ..)| *from < prompt).or(rows.first())?;
    let parts = [
        (input, per_input),
        (output, per_output),
        (cache_read, per_read),
        (short_write, per_short_write),
        (long_write, per_long_write),
    ];
    Some(parts.into_iter().map(|(tokens, per_million)| dollars(tokens, per_million)).sum())
}

/// Where the prices are from: "genai-prices X.Y.Z, YYYY-MM-DD".
pub fn stamp() -> &'static str {
    &table().stamp
}

fn table() -> &'static Table {
    static PARSED: OnceLock<Table> = OnceLock::new();
    PARSED.get_or_init(|| serde_json::from_str(TABLE).unwrap_or_default())
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts beyond 2^53 are nobody's, and a cost needs no more than six digits"
)]
fn dollars(tokens: i64, per_million: f64) -> f64 {
    tokens as f64 * per_million / 1e6
}

impl Model {
    fn is(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        let fits = |pattern: &String| match pattern.strip_prefix('!') {
            Some(pattern) => !matches(pattern.as_bytes(), name.as_bytes()),
            None => matches(pattern.as_bytes(), name.as_bytes()),
        };
        name.len() <= LONGEST_NAME
            && self.alternatives.iter().any(|patterns| patterns.iter().all(fits))
    }
}

/// Whether the whole of `name` is as `pattern` says: `*` is any run of bytes, `#` a digit, all else
/// itself.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    // Where to go on with one byte more for the last `*`.
    let mut retry: Option<(usize, usize)> = None;
    while let Some(byte) = name.get(n) {
        match pattern.get(p) {
            Some(b'*') => {
                p += 1;
                retry = Some((p, n));
            }
            Some(b'#') if byte.is_ascii_digit() => (p, n) = (p + 1, n + 1),
            Some(wanted) if wanted == byte => (p, n) = (p + 1, n + 1),
            _ => match &mut retry {
                Some((after, from)) => {
                    *from += 1;
                    (p, n) = (*after, *from);
                }
                None => return false,
            },
        }
    }
    pattern.get(p..).unwrap_or_default().iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        let table = [
            ("gpt-5", "gpt-5", true),
            ("gpt-5", "gpt-5-mini", false),
            ("gpt-5*", "gpt-5-mini", true),
            ("*gpt*", "my-gpt-5", true),
            ("*-latest", "gpt-latest", true),
            ("*-latest", "gpt-latest-1", false),
            ("a-####", "a-2026", true),
            ("a-####", "a-202", false),
            ("a-####", "a-20x6", false),
            ("*-##*", "a-b-12c", true),
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXbYbZ", false),
        ];
        for (pattern, name, expected) in table {
            assert_eq!(matches(pattern.as_bytes(), name.as_bytes()), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn the_table_is_whole() {
        let Table { stamp, models } = table();
        assert!(
            stamp.starts_with("genai-prices ") && models.len() > 100,
            "{stamp}, {} models",
            models.len()
        );
        for Model { alternatives, prices } in models {
            assert!(
                !alternatives.is_empty()
                    && alternatives.iter().all(|patterns| !patterns.is_empty()),
                "{alternatives:?}"
            );
            assert!(
                prices.first().is_some_and(|Row(from, ..)| *from == 0)
                    && prices.is_sorted_by_key(|Row(from, ..)| *from)
            );
            assert!(prices.iter().all(|Row(_, a, b, c, d, e)| {
                [a, b, c, d, e].into_iter().all(|price| (0.0..10_000.0).contains(price))
            }));
        }
    }

    fn usage(counts: [i64; 5]) -> Usage {
        let [input, output, cache_read, cache_write_5m, cache_write_1h] = counts.map(Some);
        Usage { input, output, cache_read, cache_write_5m, cache_write_1h }
    }

    #[test]
    fn costs_by_hand() {
        const MILLION: i64 = 1_000_000;
        let table = [
            // 3 + 15 + 0.3 + 3.75 + 6 dollars per million.
            ("claude-3-7-sonnet-20250219", [MILLION; 5], Some(28.05)),
            ("Claude-3-7-Sonnet-Latest", [1000, 0, 0, 0, 0], Some(0.003)),
            ("claude-fable-5-1-20261001", [0, 0, MILLION, 0, 0], Some(0.25)),
            ("claude-fable-5-1", [0, 0, 0, 0, 0], Some(0.0)),
            // Up to 100,000 tokens of prompt at 0.1, beyond it all of them at 0.5.
            ("claude-haiku-5-5", [40_000, 0, 0, 60_000, 0], Some(0.0115)),
            ("claude-haiku-5-5", [40_001, 0, 0, 60_000, 0], Some(0.0575005)),
            ("claude-haiku-5-5", [0, MILLION, 100_000, 0, 0], Some(0.501)),
            ("some-model", [1, 1, 0, 0, 0], None),
            ("", [1, 1, 0, 0, 0], None),
            ("claude-3-7-sonnet", [-1, 1, 0, 0, 0], None),
            ("claude-3-7-sonnet", [1, 1, 0, 0, i64::MIN], None),
        ];
        for (model, counts, expected) in table {
            let cost = cost_usd(model, &usage(counts));
            let is_near = match (cost, expected) {
                (Some(cost), Some(expected)) => (cost - expected).abs() < 1e-9,
                (cost, expected) => cost == expected,
            };
            assert!(is_near, "{model} {counts:?}: {cost:?}, not {expected:?}");
        }
        assert!(cost_usd("claude-3-7-sonnet", &usage([i64::MAX; 5])).is_some_and(f64::is_finite));
        assert_eq!(cost_usd("claude-3-7-sonnet", &Usage::default()), None);
        let only_output = Usage { output: Some(MILLION), ..Usage::default() };
        assert_eq!(cost_usd("claude-3-7-sonnet", &only_output), Some(15.0));
    }
}
