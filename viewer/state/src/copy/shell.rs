//! Words of a command for a POSIX shell.

/// What stands for a credential in the record: `‹secret 9f2c41d07be3 len=108›`.
const SECRET: (&str, char) = ("‹secret ", '›');

/// A word that the shell takes as `text`, whatever is in it but NUL, which no word can hold.
pub(super) fn quoted(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=,@%+".contains(&byte);
    match !text.is_empty() && text.bytes().all(is_plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\0', "").replace('\'', r"'\''")),
    }
}

/// The same, with a variable in the place of each credential.
pub(super) fn with_variable(text: &str, variable: &str) -> String {
    let mut word = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest
        .split_once(SECRET.0)
        .and_then(|(before, after)| Some((before, after.split_once(SECRET.1)?.1)))
    {
        if !before.is_empty() {
            word.push_str(&quoted(before));
        }
        word.push_str(&format!("\"${variable}\""));
        rest = after;
    }
    if !rest.is_empty() || word.is_empty() {
        word.push_str(&quoted(rest));
    }
    word
}

pub(super) fn has_secret(text: &str) -> bool {
    text.contains(SECRET.0)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;

    /// What a shell makes of a word.
    fn said(word: &str) -> String {
        let output = Command::new("sh")
            .arg("-c")
            .arg(format!("printf %s {word}"))
            .env("KEY", "the key")
            .output()
            .expect("a shell");
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    #[test]
    fn a_credential_becomes_a_variable() {
        for (text, word, wanted) in [
            ("Bearer ‹secret 9f len=3›", "'Bearer '\"$KEY\"", "Bearer the key"),
            ("‹secret 9f len=3›", "\"$KEY\"", "the key"),
            (
                "/v1?key=‹secret 9f len=3›&x='1'",
                "'/v1?key='\"$KEY\"'&x='\\''1'\\'''",
                "/v1?key=the key&x='1'",
            ),
            ("‹secret is not closed", "'‹secret is not closed'", "‹secret is not closed"),
        ] {
            assert_eq!(with_variable(text, "KEY"), word);
            assert_eq!(said(word), wanted);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_shell_takes_a_word_as_what_was_meant(text in "(\\PC|['\"$`\\\\!*~#;&|<>(){} \t\r\n\u{1b}\u{7f}]|-){0,40}") {
            prop_assert_eq!(said(&quoted(&text)), text.clone());
            prop_assert_eq!(said(&with_variable(&text, "KEY")), text);
        }
    }
}
