//! Whatever holds a credential: it is masked, once, and nothing else is.

use ccdump_secrets::{carries, content, header, plain, target, text};
use proptest::prelude::*;

/// Names of header fields that hold a credential, in the spellings that clients use.
const HEADERS: [&str; 24] = [
    "authorization",
    "X-API-KEY",
    "cookie",
    "set-cookie",
    "Set-Cookie2",
    "x-goog-api-key",
    "Ocp-Apim-Subscription-Key",
    "cf-aig-authorization",
    "Helicone-Auth",
    "X-Vault-Token",
    "PRIVATE-TOKEN",
    "Dpop",
    "Authentication-Info",
    "x-session",
    "Cf-Access-Client-Secret",
    "X-Forwarded-Client-Cert",
    "x_csrf_token",
    "xAuthToken",
    "Stripe-Signature",
    "X-Amzn-Oidc-Data",
    "Sec-Token-Binding",
    "X-Password",
    "x-assertion",
    "proxy-authorization",
];

/// Parameters, as they stand in a query.
const PARAMETERS: [&str; 16] = [
    "key",
    "API_KEY",
    "api-key",
    "x-api-key",
    "api%5Fkey",
    "api%255Fkey",
    "subscription-key",
    "sig",
    "Signature",
    "X-Amz-Signature",
    "X-Amz-Security-Token",
    "client_secret",
    "refresh_token",
    "password",
    "user%5Bpassword%5D",
    "code",
];

/// Fields whose values are URLs or hold some; `URL` is where it stands.
const URL_FIELDS: [(&str, &str); 8] = [
    ("location", "URL"),
    ("referer", "URL"),
    ("x-original-url", "URL"),
    ("link", "<URL>; rel=\"next\", </x>; rel=\"last\""),
    ("refresh", "0; url=URL"),
    ("x-upload", "{\"upload_url\":\"URL\"}"),
    ("content-security-policy", "report-uri URL; img-src *"),
    ("x-anything", "see URL"),
];

/// What a credential may be made of, wherever it stands.
fn secret() -> impl Strategy<Value = String> {
    "[A-Za-z0-9]{4}[A-Za-z0-9._~+/-]{8,40}[A-Za-z0-9]{4}"
        .prop_filter("is no word", |secret| secret.contains(|c: char| c.is_ascii_digit()))
}

/// Texts in which parts of all that is looked for come together.
fn tangle() -> impl Strategy<Value = String> {
    "(.|=|&|;|\\?|#|/|//|://|@|%3D|%253D|%|\"|\\\\\"|\":\"|'|, | |<|>|key|token|auth|code|session-id|Bearer |Basic |a:b@c|sk-ant-0123456789|eyJ|\
     -----BEGIN PRIVATE KEY-----|‹secret |‹secret 9f2c41d07be3 len=9›|›|len=|cookie|0123456789abcdef){0,24}"
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(160))]

    #[test]
    fn once_is_enough(value in tangle(), name in "(authorization|cookie|set-cookie|location|host|sec-websocket-protocol|x-api-key|x|x-token)") {
        for mask in [text, target, content] {
            let once = mask(&value, &plain).into_owned();
            prop_assert_eq!(mask(&once, &plain), once.as_str());
        }
        let once = header(&name, &value, &plain).into_owned();
        prop_assert_eq!(header(&name, &once, &plain), once.as_str());
    }

    #[test]
    fn headers_of_credentials_show_none(secret in secret(), pick in 0..HEADERS.len(), around in 0..6usize) {
        let (before, after) = [("", ""), ("Bearer ", ""), ("name=", "; Path=/"), ("a, ", " ,b"), (" ", " "), ("Token id=1, v=", "")][around];
        let value = format!("{before}{secret}{after}");
        let masked = header(HEADERS[pick], &value, &plain);
        prop_assert!(!masked.contains(&secret), "{}: {masked}", HEADERS[pick]);
        prop_assert!(carries("/", [(HEADERS[pick], value.as_str())]));
    }

    #[test]
    fn parameters_show_none(secret in secret(), pick in 0..PARAMETERS.len(), field in 0..URL_FIELDS.len(), base in 0..5usize, end in 0..5usize) {
        let base = ["https://h.example:8080/a/b", "//h/a", "/a//b", "http://[::1]/", "/v1/messages?beta=true"][base];
        let separators: &[&str] = if base.contains('?') { &["&", ";", "?", "#"] } else { &["?", "?x=1&", "?x;", "?x=1?", "#", ";"] };
        for separator in separators {
            let after = ["", "&alt=sse", ";x=1", "#frag", "?beta=true"][end];
            let url = format!("{base}{separator}{}={secret}{after}", PARAMETERS[pick]);
            let masked = target(&url, &plain);
            prop_assert!(!masked.contains(&secret), "{masked}");
            prop_assert!(masked.starts_with(base), "{masked}");
            let (name, around) = URL_FIELDS[field];
            let value = around.replace("URL", &url);
            let masked = header(name, &value, &plain);
            prop_assert!(!masked.contains(&secret), "{name}: {masked}");
            let masked = text(&value, &plain);
            prop_assert!(!masked.contains(&secret), "{masked}");
            // Within another URL, encoded once or twice.
            let encode = |url: &str| url.bytes().map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect::<String>();
            for inner in [encode(&url), encode(&encode(&url))] {
                let outer = format!("/login?next={inner}&x=1");
                let masked = target(&outer, &plain);
                prop_assert!(masked.starts_with("/login?next=‹secret ") && masked.ends_with("&x=1"), "{outer}: {masked}");
            }
        }
    }

    #[test]
    fn userinfo_shows_none(secret in "[A-Za-z0-9]{4,8}[A-Za-z0-9!$*+._~%-]{4,12}", user in "[a-z]{0,8}", scheme in "(http|https|redis|git\\+ssh)") {
        for userinfo in [format!("{user}:{secret}"), secret.clone()] {
            let url = format!("{scheme}://{userinfo}@h.example/p?x=1");
            for masked in [target(&url, &plain), text(&url, &plain), content(&url, &plain), header("origin", &url, &plain)] {
                prop_assert!(!masked.contains(&secret) && masked.ends_with("@h.example/p?x=1"), "{masked}");
            }
        }
        let message = format!("cannot connect to {user}:{secret}@h.example: refused");
        prop_assert!(!text(&message, &plain).contains(&secret));
    }

    #[test]
    fn what_holds_none_stays(words in prop::collection::vec("[a-z]{1,9}|[0-9]{1,6}|[A-Z][a-z]+", 0..8), join in 0..6usize) {
        let harmless = |word: &String| !["auth", "key", "token", "sig", "code", "pass", "pwd", "pw", "sas", "pin", "otp", "jwt", "sid"]
            .iter().any(|part| word.to_lowercase().contains(part));
        let words: Vec<String> = words.into_iter().filter(harmless).collect();
        let value = words.join([" ", "/", "=", ", ", "; ", "-"][join]);
        for masked in [text(&value, &plain), content(&value, &plain), header("x-plain", &value, &plain), target(&value, &plain)] {
            prop_assert_eq!(masked, value.as_str());
        }
        prop_assert!(!carries("/v1/messages?beta=true", [("x-plain", value.as_str()), ("user-agent", "curl/8")]));
    }

    #[test]
    fn json_stays_json(value in tangle()) {
        let json = format!("\"{}\"", value.chars().filter(|c| !c.is_control()).collect::<String>().replace('\\', "\\\\").replace('"', "\\\""));
        for masked in [text(&json, &plain), content(&json, &plain)] {
            prop_assert!(masked.starts_with('"') && masked.ends_with('"'), "{masked}");
        }
    }
}

#[test]
fn targets() {
    for (given, wanted) in [
        ("/v1/messages?beta=true", "/v1/messages?beta=true"),
        (
            "/v1beta/models?alt=sse&key=AIza&x=1&ACCESS_TOKEN=tok",
            "/v1beta/models?alt=sse&key=‹secret len=4›&x=1&ACCESS_TOKEN=‹secret len=3›",
        ),
        ("/x?a=1?key=b/c&d", "/x?a=1?key=‹secret len=3›&d"),
        ("/x?key=a;b;alt=sse", "/x?key=‹secret len=3›;alt=sse"),
        ("/x?key=p?ss", "/x?key=‹secret len=4›"),
        ("/x?key=\"<>\u{e9}", "/x?key=‹secret len=5›"),
        ("/x?key%3Dabc&b", "/x?‹secret len=9›&b"),
        ("/x?key=", "/x?key="),
        ("/~t=abc/v1/messages", "/~t=‹secret len=3›/v1/messages"),
        ("/v1;token=abc/messages", "/v1;token=‹secret len=3›/messages"),
        ("/proxy/sk-ant-0123456789/v1", "/proxy/‹secret len=17›/v1"),
        ("http://u:p@127.0.0.1/v1?key=a", "http://‹secret len=3›@127.0.0.1/v1?key=‹secret len=1›"),
        ("u:p@h:443", "‹secret len=3›@h:443"),
        ("http://u:p/w@h/", "http://‹secret len=5›@h/"),
        ("*", "*"),
        ("", ""),
        (
            "/v1/models/gemini-3:streamGenerateContent?alt=sse",
            "/v1/models/gemini-3:streamGenerateContent?alt=sse",
        ),
        (
            "/openai/deployments/gpt-5/chat/completions?api-version=2025-01-01",
            "/openai/deployments/gpt-5/chat/completions?api-version=2025-01-01",
        ),
        (
            "/v1/files?after=file-abc&limit=100&purpose=batch",
            "/v1/files?after=file-abc&limit=100&purpose=batch",
        ),
        ("/blob?sv=2024&sig=a%2Fb%3D&se=2026", "/blob?sv=2024&sig=‹secret len=8›&se=2026"),
    ] {
        assert_eq!(target(given, &plain), wanted);
    }
}

#[test]
fn messages() {
    for (given, wanted) in [
        ("cannot resolve api.example: no such host", "cannot resolve api.example: no such host"),
        (
            "http://u:p@h is not an upstream: it holds credentials",
            "http://‹secret len=3›@h is not an upstream: it holds credentials",
        ),
        (
            "the request is for u:p@evil.example, which",
            "the request is for ‹secret len=3›@evil.example, which",
        ),
        (
            "Incorrect API key provided: sk-proj-0123456789abcdefghij.",
            "Incorrect API key provided: ‹secret len=28›.",
        ),
        ("token=abc, other=1", "token=‹secret len=3›, other=1"),
        (
            "{\"api_key\": \"abc\", \"code\": \"invalid_api_key\"}",
            "{\"api_key\": \"‹secret len=3›\", \"code\": \"invalid_api_key\"}",
        ),
        (
            "GET https://h/x?code=abc failed, code=404",
            "GET https://h/x?code=‹secret len=3› failed, code=404",
        ),
        (
            "ready proxy=http://127.0.0.1:3344 socket=/run/ccdump.sock",
            "ready proxy=http://127.0.0.1:3344 socket=/run/ccdump.sock",
        ),
        (
            "mailto:a@b.example image repo/name@sha256:0",
            "mailto:a@b.example image repo/name@sha256:0",
        ),
    ] {
        assert_eq!(text(given, &plain), wanted);
    }
}

#[test]
fn what_is_written_is_searched_by_shape_and_url_alone() {
    for (given, wanted) in [
        (
            "password = os.environ[\"PASSWORD\"]; token=abc",
            "password = os.environ[\"PASSWORD\"]; token=abc",
        ),
        ("{\"api_key\": \"abc\"}", "{\"api_key\": \"abc\"}"),
        ("see https://h/?key=abc.", "see https://h/?key=‹secret len=4›"),
        ("git clone https://u:tok@h/r.git", "git clone https://‹secret len=5›@h/r.git"),
        ("export K=sk-ant-0123456789", "export K=‹secret len=17›"),
    ] {
        assert_eq!(content(given, &plain), wanted);
    }
}
