//! Which moment of the record: `ID[@SECONDS]`.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The longest that can be said: about thirty years.
const LONGEST: f64 = 1e9;

/// A moment, told from the beginning of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct At {
    pub exchange: u64,
    /// Microseconds after it began; absent: at its end.
    pub after_us: Option<i64>,
}

impl FromStr for At {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (exchange, after) =
            text.split_once('@').map_or((text, None), |(exchange, after)| (exchange, Some(after)));
        let exchange = exchange.parse().map_err(|_| {
            "say which exchange by its number, as ls shows it: 12 or 12@1.5".to_owned()
        })?;
        let after_us = after.map(micros).transpose()?;
        Ok(Self { exchange, after_us })
    }
}

fn micros(seconds: &str) -> Result<i64, String> {
    let is_plain = seconds.chars().all(|c| c.is_ascii_digit() || c == '.');
    let seconds = seconds.parse::<f64>().ok().filter(|seconds| is_plain && *seconds <= LONGEST);
    seconds
        .map(|seconds| (seconds * 1e6).round() as i64)
        .ok_or_else(|| "after the @ come seconds: 12@1.5".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_an_exchange_and_seconds() {
        for (text, wanted) in [
            ("12", Some((12, None))),
            ("12@0", Some((12, Some(0)))),
            ("12@1.5", Some((12, Some(1_500_000)))),
            ("12@.25", Some((12, Some(250_000)))),
            ("12@1000000000", Some((12, Some(1_000_000_000_000_000)))),
            ("12@", None),
            ("12@-1", None),
            ("12@1e3", None),
            ("12@inf", None),
            ("12@NaN", None),
            ("12@1000000001", None),
            ("@3", None),
            ("", None),
            ("-1", None),
        ] {
            let at: Option<At> = text.parse().ok();
            assert_eq!(at, wanted.map(|(exchange, after_us)| At { exchange, after_us }), "{text}");
        }
    }
}
