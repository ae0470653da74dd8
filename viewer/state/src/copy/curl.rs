//! A request as a command line of curl.

use ccdump_model::record::Body;
use ccdump_record::{Exchange, Header, Heads};

use super::shell::{has_secret, quoted, with_variable};

/// A body up to this size stands on the command line, one up to the other below it. Larger ones
/// come from the record. Bytes.
const ON_THE_LINE: usize = 16 << 10;
const BELOW: usize = 48 << 10;

/// What curl says by itself, or what concerns one connection only.
const LEFT_OUT: [&str; 15] = [
    "host",
    "content-length",
    "content-encoding",
    "accept-encoding",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authorization",
    "proxy-authenticate",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "http2-settings",
];

/// The command; credentials are variables in it. `Err`: why there is none, in words.
pub(crate) fn curl(row: &Exchange, heads: &Heads, body: &Body) -> Result<String, String> {
    if heads.upstream.is_empty() {
        return Err("it is not known where this request was sent to".to_owned());
    }
    let key = key_of(&row.provider);
    let method = if row.method.is_empty() { "POST" } else { row.method.as_str() };
    let mut words = match method {
        "HEAD" => vec!["curl -sS --head".to_owned()],
        _ => vec![format!("curl -sSN -X {}", quoted(method))],
    };
    words.push(with_variable(&format!("{}{}", heads.upstream, row.path), &key));
    if heads.request.iter().any(|header| header.name.eq_ignore_ascii_case("accept-encoding")) {
        words.push("--compressed".to_owned());
    }
    let sent = heads
        .request
        .iter()
        .filter(|header| !LEFT_OUT.contains(&header.name.to_ascii_lowercase().as_str()));
    words.extend(sent.map(|header| format!("-H {}", field(header, &key))));
    let mut before = String::new();
    let mut after = String::new();
    match std::str::from_utf8(&body.bytes) {
        Ok("") if body.is_whole() => {}
        Ok(text)
            if body.is_whole() && text.len() <= ON_THE_LINE && text.split('\n').all(is_typed) =>
        {
            words.push(format!("--data-raw {}", quoted(text)));
        }
        Ok(text) if body.is_whole() && text.len() <= BELOW && is_typed(text) => {
            // A line feed more than was sent: JSON does not mind.
            words.push("--data-binary @-".to_owned());
            after = format!(" <<'CCDUMP_BODY'\n{text}\nCCDUMP_BODY");
        }
        _ if body.gaps.is_empty()
            && body.undecodable.is_none()
            && (body.is_complete || body.is_cut) =>
        {
            before = format!("ccdump-view body {} --request | ", row.id);
            words.push("--data-binary @-".to_owned());
        }
        _ => {
            return Err("the request was not recorded in full: there is nothing to be sent again"
                .to_owned());
        }
    }
    Ok(format!("{before}{}{after}\n", words.join(" \\\n  ")))
}

fn field(header: &Header, key: &str) -> String {
    let is_key = matches!(
        header.name.to_ascii_lowercase().as_str(),
        "authorization" | "x-api-key" | "api-key" | "x-goog-api-key"
    );
    // curl leaves a field without a value out, but for this form.
    let field = if header.value.is_empty() {
        format!("{};", header.name)
    } else {
        format!("{}: {}", header.name, header.value)
    };
    match has_secret(&field) {
        true if is_key => with_variable(&field, key),
        true => with_variable(&field, &variable(&header.name)),
        false => quoted(&field),
    }
}

/// Whether a terminal takes a line that is put into it as it is. What it would obey comes from the
/// record.
fn is_typed(line: &str) -> bool {
    !line.contains(|c: char| c.is_control())
}

/// Where people keep the key of an API.
fn key_of(provider: &str) -> String {
    match provider {
        "anthropic" | "openai" | "gemini" => format!("{}_API_KEY", provider.to_ascii_uppercase()),
        _ => "API_KEY".to_owned(),
    }
}

fn variable(name: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    let name: String = name.chars().map(letter).collect();
    if name.starts_with(|c: char| c.is_ascii_digit()) { format!("_{name}") } else { name }
}

#[cfg(test)]
mod tests {
    use std::{
        io::Write as _,
        process::{Command, Stdio},
    };

    use super::*;

    fn header(name: &str, value: &str) -> Header {
        Header { name: name.to_owned(), value: value.to_owned() }
    }

    fn command(body: &[u8]) -> Result<String, String> {
        let row = Exchange {
            id: 12,
            method: "POST".to_owned(),
            path: "/v1/messages?beta=true".to_owned(),
            provider: "anthropic".to_owned(),
            ..Exchange::default()
        };
        let request = vec![
            header("host", "127.0.0.1:3344"),
            header("x-api-key", "‹secret 9f2c41d07be3 len=108›"),
            header("authorization", "Bearer ‹secret 9f2c41d07be3 len=108›"),
            header("cookie", "‹secret 1f2c41d07be3 len=10›"),
            header("content-type", "application/json"),
            header("x-words", "it's $HOME `x` \"y\""),
            header("x-empty", ""),
            header("accept-encoding", "gzip, br"),
            header("content-length", "17"),
        ];
        let heads =
            Heads { request, upstream: "https://api.anthropic.com".to_owned(), ..Heads::default() };
        curl(&row, &heads, &Body { bytes: body.to_vec(), is_complete: true, ..Body::default() })
    }

    /// What a shell gives to curl: its arguments, and what it reads.
    fn ran(command: &str) -> (Vec<String>, Vec<u8>) {
        let script = format!(
            "curl() {{ for word; do printf '%s\\0' \"$word\"; done; printf '\\1'; case \"$*\" in *@-*) cat ;; esac; }}\n\
             ccdump-view() {{ printf 'body of %s' \"$*\"; }}\n{command}"
        );
        let mut shell = Command::new("bash");
        shell
            .arg("-s")
            .env("ANTHROPIC_API_KEY", "sk-1")
            .env("COOKIE", "c=1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut shell = shell.spawn().expect("a shell");
        shell.stdin.take().expect("its input").write_all(script.as_bytes()).expect("it reads");
        let output = shell.wait_with_output().expect("it ends");
        let end = output.stdout.iter().position(|byte| *byte == 1).expect("the end of the words");
        let (words, rest) = output.stdout.split_at(end);
        let words =
            String::from_utf8_lossy(words).split_terminator('\0').map(str::to_owned).collect();
        (words, rest[1..].to_vec())
    }

    #[test]
    fn a_shell_sends_what_was_sent_with_the_key_from_its_variable() {
        let body = r#"{"text":"it's \"$HOME\" `x` \\ ä"}"#;
        let (words, _) = ran(&command(body.as_bytes()).expect("a command"));
        let wanted = [
            "-sSN",
            "-X",
            "POST",
            "https://api.anthropic.com/v1/messages?beta=true",
            "--compressed",
            "-H",
            "x-api-key: sk-1",
            "-H",
            "authorization: Bearer sk-1",
            "-H",
            "cookie: c=1",
            "-H",
            "content-type: application/json",
            "-H",
            "x-words: it's $HOME `x` \"y\"",
            "-H",
            "x-empty;",
            "--data-raw",
            body,
        ];
        assert_eq!(words, wanted);
    }

    #[test]
    fn larger_bodies_come_from_below_and_the_largest_and_binary_ones_from_the_record() {
        for (body, is_below) in [
            (vec![b'x'; ON_THE_LINE + 1], true),
            (vec![b'x'; BELOW + 1], false),
            (vec![0xff, 0, 1], false),
            (b"a\x1b[201~\nrm -rf /\n".to_vec(), false),
            ("a\u{9b}201~\n".into(), false),
            (b"a\rb".to_vec(), false),
        ] {
            let (words, read) = ran(&command(&body).expect("a command"));
            assert_eq!(words.last().map(String::as_str), Some("@-"));
            let wanted = if is_below {
                [body.as_slice(), b"\n"].concat()
            } else {
                b"body of body 12 --request".to_vec()
            };
            assert_eq!(String::from_utf8_lossy(&read), String::from_utf8_lossy(&wanted));
        }
    }

    #[test]
    fn what_is_not_there_cannot_be_sent() {
        let row = Exchange::default();
        let heads = Heads { upstream: "http://x".to_owned(), ..Heads::default() };
        let gone = Body { gaps: vec![(0, 9)], is_complete: true, ..Body::default() };
        assert!(
            curl(&row, &heads, &gone).is_err() && curl(&row, &heads, &Body::default()).is_err()
        );
        assert!(
            curl(&row, &Heads::default(), &Body { is_complete: true, ..Body::default() }).is_err()
        );
    }
}
