//! Makes JSON that a strict parser refuses readable, without moving a byte: what is not JSON is
//! overwritten in place, so that ranges in the mended text are ranges in the original.

/// Overwrites, outside strings, `NaN`, `Infinity` and numbers too large for a float with an empty
/// string (which is no number), and, in strings, escapes of half a surrogate pair with that of the
/// replacement character. JavaScript cuts strings between the halves.
pub(crate) fn mend(json: &[u8]) -> Vec<u8> {
    let mut mended = json.to_vec();
    let mut at = 0;
    while let Some(&byte) = mended.get(at) {
        at = match byte {
            b'"' => mend_string(&mut mended, at + 1),
            b'-' | b'0'..=b'9' | b'A'..=b'Z' => mend_scalar(&mut mended, at),
            _ => at + 1,
        };
    }
    mended
}

/// `at` is just after the opening quote. Returns where the string has ended.
fn mend_string(json: &mut [u8], mut at: usize) -> usize {
    while let Some(rest) = json.get(at..) {
        match rest {
            [] | [b'"', ..] => return at + 1,
            [b'\\', b'u', ..] => match (surrogate(rest), rest.get(6..).and_then(surrogate)) {
                (Some(Half::High), Some(Half::Low)) => at += 12,
                (Some(_), _) => {
                    if let Some(escape) = json.get_mut(at..at + 6) {
                        escape.copy_from_slice(b"\\ufffd");
                    }
                    at += 6;
                }
                (None, _) => at += 2,
            },
            [b'\\', ..] => at += 2,
            _ => at += 1,
        }
    }
    at
}

enum Half {
    High,
    Low,
}

/// The half of a surrogate pair that an escape at the start of `text` stands for.
fn surrogate(text: &[u8]) -> Option<Half> {
    let digits = text.strip_prefix(b"\\u")?.get(..4)?;
    let unit = u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    match unit {
        0xd800..=0xdbff => Some(Half::High),
        0xdc00..=0xdfff => Some(Half::Low),
        _ => None,
    }
}

/// `at` is on the first byte of a number or a word. Returns where it has ended.
fn mend_scalar(json: &mut [u8], at: usize) -> usize {
    let rest = json.get_mut(at..).unwrap_or_default();
    let length = rest
        .iter()
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.'))
        .count();
    let scalar = rest.get_mut(..length).unwrap_or_default();
    let text = std::str::from_utf8(scalar).unwrap_or_default();
    if matches!(text, "NaN" | "Infinity" | "-Infinity") || text.parse().is_ok_and(f64::is_infinite)
    {
        scalar.fill(b' ');
        scalar.iter_mut().zip(*b"\"\"").for_each(|(byte, quote)| *byte = quote);
    }
    at + length.max(1)
}

#[cfg(test)]
mod tests {
    use super::mend;

    #[test]
    fn what_a_strict_parser_refuses_is_overwritten_in_place() {
        let table = [
            (r#"{"a":NaN,"b":-Infinity,"c":1e999}"#, r#"{"a":"" ,"b":""       ,"c":""   }"#),
            (r#"["NaN","1e999",NaN]"#, r#"["NaN","1e999","" ]"#),
            (r#""cut \ud83d here""#, r#""cut \ufffd here""#),
            (r#""escaped \\ud83d here""#, r#""escaped \\ud83d here""#),
            (r#""whole \ud83d\ude00, half \udc00""#, r#""whole \ud83d\ude00, half \ufffd""#),
            (r#""quoted \" NaN"#, r#""quoted \" NaN"#),
            (r#""ends in \u"#, r#""ends in \u"#),
            ("[1,-2.5e3,true,null]", "[1,-2.5e3,true,null]"),
        ];
        for (broken, mended) in table {
            assert_eq!(String::from_utf8_lossy(&mend(broken.as_bytes())), mended, "{broken}");
        }
    }

    #[test]
    fn any_bytes_keep_their_length() {
        proptest::proptest!(|(bytes in r#"[\PC"\\]{0,60}"#)| {
            proptest::prop_assert_eq!(mend(bytes.as_bytes()).len(), bytes.len());
        });
    }
}
