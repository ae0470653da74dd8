//! Numbers as people read them.

/// Shown where a value is not known.
pub const UNKNOWN: &str = "–";

/// Bytes in decimal units: `310 B`, `3.2 kB`, `1.4 MB`.
pub fn bytes(count: u64) -> String {
    match scaled(count as f64, &[" kB", " MB", " GB", " TB"]) {
        Some(text) => text,
        None => format!("{count} B"),
    }
}

/// Tokens: `310`, `12.3k`, `1.2M`. Providers have been seen to send negative ones: shown as they
/// are.
pub fn count(count: i64) -> String {
    match scaled(count.unsigned_abs() as f64, &["k", "M", "G", "T"]) {
        Some(text) if count < 0 => format!("-{text}"),
        Some(text) => text,
        None => count.to_string(),
    }
}

/// A duration given in microseconds: `310 ms`, `2.4 s`, `3 min 7 s`, `2 h 5 min`.
pub fn duration(micros: u64) -> String {
    let seconds = micros / 1_000_000;
    match seconds {
        0 if micros < 10_000 => format!("{:.1} ms", micros as f64 / 1e3),
        0 => format!("{} ms", micros / 1_000),
        1..60 => format!("{:.1} s", micros as f64 / 1e6),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

/// US dollars; small amounts keep four decimals.
pub fn dollars(amount: f64) -> String {
    match amount {
        a if a > 0.0 && a < 0.0001 => "<$0.0001".to_owned(),
        a if a < 1.0 => format!("${a:.4}"),
        a => format!("${a:.2}"),
    }
}

/// `1 tool`, `12 tools`.
pub fn plural(count: usize, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        _ => format!("{count} {noun}s"),
    }
}

/// A number in full: `12,345`.
pub fn grouped(count: i64) -> String {
    let digits = count.unsigned_abs().to_string();
    let mut text = if count < 0 { "-".to_owned() } else { String::new() };
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `value` with the largest of `units` (each a thousand of the one before) that leaves at least
/// one; `None` below a thousand.
fn scaled(value: f64, units: &[&str]) -> Option<String> {
    let mut value = value;
    let mut text = None;
    for unit in units {
        if value < 999.5 {
            break;
        }
        value /= 1000.0;
        text = Some(if value < 99.95 {
            format!("{value:.1}{unit}")
        } else {
            format!("{value:.0}{unit}")
        });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        for (got, wanted) in [
            (bytes(0), "0 B"),
            (bytes(999), "999 B"),
            (bytes(3_210), "3.2 kB"),
            (bytes(999_960), "1.0 MB"),
            (bytes(u64::MAX), "18446744 TB"),
            (count(310), "310"),
            (count(12_345), "12.3k"),
            (count(-12_345), "-12.3k"),
            (count(i64::MIN), "-9223372T"),
            (duration(1_234), "1.2 ms"),
            (duration(310_900), "310 ms"),
            (duration(2_449_000), "2.4 s"),
            (duration(187_000_000), "3 min 7 s"),
            (duration(7_500_000_000), "2 h 5 min"),
            (dollars(0.0), "$0.0000"),
            (dollars(0.000_01), "<$0.0001"),
            (dollars(0.012_34), "$0.0123"),
            (dollars(12.345), "$12.35"),
            (grouped(999), "999"),
            (grouped(12_345), "12,345"),
            (grouped(i64::MIN), "-9,223,372,036,854,775,808"),
            (plural(1, "tool"), "1 tool"),
            (plural(3, "tool"), "3 tools"),
        ] {
            assert_eq!(got, wanted);
        }
    }
}
