//! Names of credentials: of header fields, query parameters, JSON members. Without regard to case
//! and to what separates words.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use percent_encoding::percent_decode_str;

/// Whatever has one of these in its name is a credential.
const PARTS: &[&str] = &[
    "auth",
    "authoriz",
    "authoris",
    "token",
    "key",
    "secret",
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "access-code",
    "access_code",
    "credential",
    "creds",
    "cookie",
    "session",
    "jwt",
    "signature",
    "assertion",
    "bearer",
    "oidc",
    "saml",
    "hmac",
    "csrf",
    "xsrf",
    "macaroon",
    "dpop",
    "clientcert",
    "client-cert",
    "client_cert",
    "mtls-cert",
    // Names that tell nothing to those who do not know the product.
    "honeycomb-team",
    "x-amz-signature",
];

/// Names that end in one of these words, alone or as a part of a longer name, are credentials.
const LAST_WORDS: &[&str] = &["otp", "totp", "sig", "pwd", "pass", "pw", "sas", "pin"];
const LONGEST_LAST_WORD: usize = 4;

/// Words that have such a part in them and name no credential.
const OTHER_WORDS: &[&str] = &[
    "tokens",
    "tokeniz",
    "tokenis",
    "author",
    "authenticated",
    "sessions",
    "secretary",
    "keyboard",
    "keyword",
    "keynote",
    "keyframe",
    "keystroke",
    "keypad",
    "keyspace",
    "keycloak",
    "keystone",
    "hotkey",
    "monkey",
    "donkey",
    "turkey",
    "hockey",
    "jockey",
    "whiskey",
    "hawkeye",
    "portkey",
];

/// Names that are no credentials although a part says so; without what separates words.
const EXCEPTIONS: &[Exception] = &[
    Has("ratelimit"),
    Has("expires"),
    Begins("accesscontrol"),
    Is("secwebsocketkey"),
    Is("secwebsocketaccept"),
    Is("keepalive"),
    Ends("authenticate"),
    Ends("sessionid"),
    Ends("threadid"),
    Ends("keyid"),
    Ends("keyids"),
    Ends("keypairid"),
    Ends("idempotencykey"),
    Ends("cachekey"),
    Ends("surrogatekey"),
    Ends("publickey"),
    Ends("partitionkey"),
    Ends("routingkey"),
    Ends("shardkey"),
    Ends("sortkey"),
    Ends("dedupkey"),
    Begins("publickeypins"),
    // Where a list goes on.
    Ends("pagetoken"),
    Ends("nexttoken"),
    Ends("continuationtoken"),
    Ends("opencodesession"),
];

/// What a name says of a credential when it ends in one of these: how many, how long, of which
/// kind.
const ABOUT: &[&str] = &[
    "affinity",
    "alg",
    "algorithm",
    "algorithms",
    "alias",
    "at",
    "budget",
    "cost",
    "count",
    "counts",
    "duration",
    "durations",
    "enabled",
    "expiration",
    "expires",
    "expiry",
    "in",
    "index",
    "kind",
    "length",
    "limit",
    "limits",
    "max",
    "method",
    "methods",
    "min",
    "mode",
    "name",
    "names",
    "number",
    "policy",
    "provider",
    "rate",
    "remaining",
    "required",
    "scheme",
    "size",
    "source",
    "spend",
    "start",
    "started",
    "status",
    "timeout",
    "total",
    "ttl",
    "type",
    "types",
    "usage",
    "used",
    "version",
];

/// Of these the ones that are told as the end of a word, too: `totaltokencount`.
const LONG_ENOUGH: usize = 4;

/// Query parameters that are credentials by their whole name, beside all that the parts tell.
const PARAMETERS: &[&str] = &["code", "codeverifier", "devicecode", "ticket"];

/// The proxy's own token, as a segment of a path.
const PATH_TOKEN: &str = "~t";

/// Parameters of signed URLs are credentials or make one (`X-Amz-…`); these are not.
const SIGNED_URL: &str = "xamz";
const SIGNED_URL_OTHERS: &[&str] =
    &["xamzalgorithm", "xamzdate", "xamzexpires", "xamzsignedheaders", "xamzcontentsha256"];

use Exception::{Begins, Ends, Has, Is};

/// How a name is told that is none.
enum Exception {
    Is(&'static str),
    Begins(&'static str),
    Ends(&'static str),
    Has(&'static str),
}

static PART: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| searcher(PARTS));
static OTHER_WORD: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| searcher(OTHER_WORDS));

fn searcher(words: &[&str]) -> Option<AhoCorasick> {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::LeftmostLongest)
        .kind(Some(AhoCorasickKind::DFA))
        .build(words)
        .ok()
}

/// Whether what has this name is a credential.
pub fn is_credential(name: &str) -> bool {
    has_part(name) && !is_excepted(name)
}

/// Whether a query parameter of this name, as it stands in the query, is a credential.
pub fn is_parameter(name: &str) -> bool {
    let mut name = std::borrow::Cow::Borrowed(name);
    // Some clients encode twice.
    for _ in 0..3 {
        if !name.contains('%') {
            break;
        }
        name = percent_decode_str(&name).decode_utf8_lossy().into_owned().into();
    }
    if name == PATH_TOKEN || is_credential(&name) {
        return true;
    }
    let squashed = squash(&name);
    PARAMETERS.contains(&squashed.as_str())
        || (squashed.starts_with(SIGNED_URL) && !SIGNED_URL_OTHERS.contains(&squashed.as_str()))
}

fn has_part(name: &str) -> bool {
    let Some(part) = PART.as_ref() else { return true };
    let last = last_word(name);
    if last.len() <= LONGEST_LAST_WORD
        && LAST_WORDS.iter().any(|word| last.eq_ignore_ascii_case(word))
    {
        return true;
    }
    if !part.is_match(name) {
        return false;
    }
    let others: Vec<_> = OTHER_WORD
        .iter()
        .flat_map(|other| other.find_iter(name))
        .map(|found| found.range())
        .collect();
    part.find_iter(name).any(|found| {
        !others.iter().any(|other| other.start <= found.start() && found.end() <= other.end)
    })
}

fn is_excepted(name: &str) -> bool {
    let squashed = squash(name);
    let told = |exception: &Exception| match exception {
        Is(whole) => squashed == *whole,
        Begins(beginning) => squashed.starts_with(beginning),
        Ends(end) => squashed.ends_with(end),
        Has(part) => squashed.contains(part),
    };
    let last = last_word(name).to_ascii_lowercase();
    let is_about = ABOUT
        .iter()
        .any(|about| last == *about || (about.len() >= LONG_ENOUGH && last.ends_with(about)));
    is_about || EXCEPTIONS.iter().any(told)
}

fn last_word(name: &str) -> &str {
    let name = name.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
    let start = name
        .bytes()
        .rposition(|byte| !byte.is_ascii_alphanumeric())
        .map_or(0, |separator| separator + 1);
    name.get(start..).unwrap_or_default()
}

/// Letters and digits, in lower case.
fn squash(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}
