//! `--since`: a moment, or how long ago.

use std::str::FromStr;

use jiff::Timestamp;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// Microseconds since the Unix epoch.
    At(i64),
    /// Microseconds before now.
    Ago(i64),
}

impl Since {
    /// In microseconds since the Unix epoch, as `now_us` is.
    pub fn resolve(self, now_us: i64) -> i64 {
        match self {
            Self::At(at) => at,
            Self::Ago(ago) => now_us.saturating_sub(ago),
        }
    }
}

impl FromStr for Since {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(moment) = text.parse::<Timestamp>() {
            return Ok(Self::At(moment.as_microsecond()));
        }
        let seconds = match text.char_indices().last() {
            Some((_, 's')) => Some(1),
            Some((_, 'm')) => Some(60),
            Some((_, 'h')) => Some(3_600),
            Some((_, 'd')) => Some(86_400),
            Some((_, 'w')) => Some(604_800),
            _ => None,
        };
        seconds
            .zip(text.get(..text.len().saturating_sub(1)).and_then(|digits| digits.parse::<u32>().ok()))
            .and_then(|(seconds, number)| i64::from(number).checked_mul(seconds * 1_000_000))
            .map(Self::Ago)
            .ok_or_else(|| "wanted a moment such as 2026-11-05T09:00:00Z or a length of time such as 10m, 2h, 3d".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_and_lengths_of_time_are_understood() {
        for (text, wanted) in [
            ("10m", Some(Since::Ago(600_000_000))),
            ("2h", Some(Since::Ago(7_200_000_000))),
            ("3d", Some(Since::Ago(259_200_000_000))),
            ("1970-01-01T00:00:01Z", Some(Since::At(1_000_000))),
            ("1970-01-01T01:00:00+01:00", Some(Since::At(0))),
            ("", None),
            ("m", None),
            ("10", None),
            ("-3d", None),
            ("4294967295w", None),
            ("99999999999d", None),
            ("3ü", None),
        ] {
            assert_eq!(text.parse::<Since>().ok(), wanted, "{text:?}");
        }
        assert_eq!(Since::Ago(10).resolve(i64::MIN), i64::MIN);
    }
}
