//! Tokens that an exchange used, read from what each API says of them.

use ccdump_record::Usage;
use serde_json::Value;

/// Anthropic's `usage`, of a message or of `message_start`.
pub fn of_anthropic(usage: &Value) -> Usage {
    let mut read = Usage::default();
    update(&mut read, usage);
    read
}

/// Anthropic's `message_delta.usage`. It is cumulative: what it names is overwritten. It may have
/// no split of the cache writes by lifetime; that of `message_start` is then kept.
pub fn update(known: &mut Usage, usage: &Value) {
    let read = |pointer| usage.pointer(pointer).and_then(count);
    known.input = read("/input_tokens").or(known.input);
    known.output = read("/output_tokens").or(known.output);
    known.cache_read = read("/cache_read_input_tokens").or(known.cache_read);
    let short = read("/cache_creation/ephemeral_5m_input_tokens");
    let long = read("/cache_creation/ephemeral_1h_input_tokens");
    if short.is_some() || long.is_some() {
        (known.cache_write_5m, known.cache_write_1h) = (short, long);
    } else if let Some(total) = read("/cache_creation_input_tokens") {
        set_cache_writes(known, total);
    }
}

/// A total without the split: the lifetime that was written so far grows or shrinks, the short one
/// by default.
fn set_cache_writes(known: &mut Usage, total: i64) {
    match (known.cache_write_5m, known.cache_write_1h) {
        (None | Some(0), Some(long)) if long != 0 => known.cache_write_1h = Some(total),
        (_, long) => known.cache_write_5m = Some(total.saturating_sub(long.unwrap_or(0))),
    }
}

/// OpenAI's `usage`, of a chat completion or of a response. Its input includes what the cache gave
/// and took.
pub fn of_openai(usage: &Value) -> Usage {
    let read = |pointers: [&str; 2]| {
        pointers.into_iter().find_map(|pointer| usage.pointer(pointer).and_then(count))
    };
    let cache_read =
        read(["/input_tokens_details/cached_tokens", "/prompt_tokens_details/cached_tokens"]);
    let cache_write = read([
        "/input_tokens_details/cache_write_tokens",
        "/prompt_tokens_details/cache_write_tokens",
    ]);
    let cached = cache_read.unwrap_or(0).saturating_add(cache_write.unwrap_or(0));
    Usage {
        input: read(["/input_tokens", "/prompt_tokens"]).map(|input| input.saturating_sub(cached)),
        output: read(["/output_tokens", "/completion_tokens"]),
        cache_read,
        cache_write_5m: cache_write,
        cache_write_1h: None,
    }
}

/// Gemini's `usageMetadata`. Its prompt includes what the cache gave; thoughts are billed as
/// output.
pub fn of_gemini(usage: &Value) -> Usage {
    let read = |name| usage.get(name).and_then(count);
    let cache_read = read("cachedContentTokenCount");
    let sum = |one: Option<i64>, other: Option<i64>| match (one, other) {
        (Some(one), Some(other)) => Some(one.saturating_add(other)),
        _ => one.or(other),
    };
    let prompt = sum(read("promptTokenCount"), read("toolUsePromptTokenCount"));
    Usage {
        input: prompt.map(|prompt| prompt.saturating_sub(cache_read.unwrap_or(0))),
        output: sum(read("candidatesTokenCount"), read("thoughtsTokenCount")),
        cache_read,
        cache_write_5m: None,
        cache_write_1h: None,
    }
}

/// A count, from whatever number it was written as. Fractions are cut, and what no `i64` can hold
/// is the nearest that it can.
fn count(value: &Value) -> Option<i64> {
    let number = value.as_number()?;
    number
        .as_i64()
        .or_else(|| number.is_u64().then_some(i64::MAX))
        .or_else(|| number.as_f64().filter(|float| !float.is_nan()).map(saturate))
}

#[expect(clippy::cast_possible_truncation, reason = "the cast saturates, which is what is wanted")]
fn saturate(float: f64) -> i64 {
    float as i64
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_split_of_cache_writes_survives_an_update_without_one() {
        let usage = |value: [Option<i64>; 5]| {
            let [input, output, cache_read, cache_write_5m, cache_write_1h] = value;
            Usage { input, output, cache_read, cache_write_5m, cache_write_1h }
        };
        let start = json!({"input_tokens": 3, "output_tokens": 1, "cache_read_input_tokens": 5, "cache_creation_input_tokens": 30,
            "cache_creation": {"ephemeral_5m_input_tokens": 10, "ephemeral_1h_input_tokens": 20}});
        let all_long = json!({"cache_creation_input_tokens": 20, "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 20}});
        let table = [
            (&start, json!({"output_tokens": 9}), [Some(3), Some(9), Some(5), Some(10), Some(20)]),
            (
                &start,
                json!({"output_tokens": null, "input_tokens": "many"}),
                [Some(3), Some(1), Some(5), Some(10), Some(20)],
            ),
            (
                &start,
                json!({"cache_creation_input_tokens": 30, "cache_read_input_tokens": 0}),
                [Some(3), Some(1), Some(0), Some(10), Some(20)],
            ),
            (
                &start,
                json!({"cache_creation_input_tokens": 35}),
                [Some(3), Some(1), Some(5), Some(15), Some(20)],
            ),
            (
                &start,
                json!({"cache_creation": {"ephemeral_5m_input_tokens": 1}}),
                [Some(3), Some(1), Some(5), Some(1), None],
            ),
            (&start, json!("none"), [Some(3), Some(1), Some(5), Some(10), Some(20)]),
            (
                &all_long,
                json!({"cache_creation_input_tokens": 25}),
                [None, None, None, Some(0), Some(25)],
            ),
            (
                &json!({}),
                json!({"cache_creation_input_tokens": 7}),
                [None, None, None, Some(7), None],
            ),
        ];
        for (start, delta, expected) in table {
            let mut read = of_anthropic(start);
            update(&mut read, &delta);
            assert_eq!(read, usage(expected), "{start} {delta}");
        }
    }

    #[test]
    fn absurd_numbers_are_the_nearest_there_is() {
        let table = [
            (json!(-7), Some(-7)),
            (json!(2.9), Some(2)),
            (json!(u64::MAX), Some(i64::MAX)),
            (json!(1e300), Some(i64::MAX)),
            (json!(-1e300), Some(i64::MIN)),
            (json!(null), None),
            (json!("12"), None),
            (json!([1]), None),
        ];
        for (value, expected) in table {
            assert_eq!(of_anthropic(&json!({"input_tokens": value})).input, expected, "{value}");
        }
        let openai = of_openai(
            &json!({"input_tokens": i64::MIN, "input_tokens_details": {"cached_tokens": i64::MAX, "cache_write_tokens": 1}}),
        );
        assert_eq!(openai.input, Some(i64::MIN));
    }
}
