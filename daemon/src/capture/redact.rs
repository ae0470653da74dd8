//! Credentials become fingerprints before anything is kept.

use std::{
    fs,
    io::{self, Read as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

/// Replaces secrets by a keyed hash: the same secret gives the same fingerprint in one data folder, two different ones can be told
/// apart, and none can be read or looked up elsewhere.
#[derive(Clone)]
pub struct Redactor {
    key: [u8; 32],
}

/// Header names whose values are credentials.
const SECRET_HEADERS: [&str; 10] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
    "x-api-key",
    "api-key",
    "x-goog-api-key",
    "x-auth-token",
    "x-amz-security-token",
    "x-goog-iam-authorization-token",
];

/// A header with one of these in its name is taken for a credential too: users have gateways of their own.
const SECRET_PARTS: [&str; 4] = ["secret", "api-key", "apikey", "access-token"];

const SECRET_PARAMETERS: [&str; 6] = ["key", "api_key", "api-key", "apikey", "access_token", "token"];

impl Redactor {
    /// Reads the folder's key, or makes one.
    pub fn open(data_dir: &Path) -> io::Result<Self> {
        let path = data_dir.join("fingerprint.key");
        let mut key = [0u8; 32];
        match fs::File::open(&path) {
            Ok(mut file) => match file.read_exact(&mut key) {
                Ok(()) => return Ok(Self { key }),
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {}
                Err(error) => return Err(error),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        getrandom::fill(&mut key).map_err(io::Error::other)?;
        let mut file = fs::OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&path)?;
        file.write_all(&key)?;
        Ok(Self { key })
    }

    /// A header's value as it may be kept.
    pub fn header(&self, name: &str, value: &str) -> String {
        let is_secret = SECRET_HEADERS.contains(&name) || SECRET_PARTS.iter().any(|part| name.contains(part));
        if !is_secret {
            return value.to_owned();
        }
        // The scheme is no secret, and tells a key from a login.
        match value.split_once(' ') {
            Some((scheme, secret)) if name.ends_with("authorization") && scheme.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
                format!("{scheme} {}", self.fingerprint(secret))
            }
            _ => self.fingerprint(value),
        }
    }

    /// A request target as it may be kept.
    pub fn target(&self, target: &str) -> String {
        let Some((path, query)) = target.split_once('?') else {
            return target.to_owned();
        };
        let redacted: Vec<String> = query
            .split('&')
            .map(|parameter| match parameter.split_once('=') {
                Some((name, value))
                    if SECRET_PARAMETERS.iter().any(|secret| name.eq_ignore_ascii_case(secret)) && !value.is_empty() =>
                {
                    format!("{name}={}", self.fingerprint(value))
                }
                _ => parameter.to_owned(),
            })
            .collect();
        format!("{path}?{}", redacted.join("&"))
    }

    fn fingerprint(&self, secret: &str) -> String {
        let hash = blake3::keyed_hash(&self.key, secret.as_bytes());
        let short: String = hash.as_bytes().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        format!("‹secret {short} len={}›", secret.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor() -> Redactor {
        Redactor { key: [7; 32] }
    }

    #[test]
    fn credentials_are_replaced_and_told_apart() {
        let redactor = redactor();
        for name in SECRET_HEADERS.iter().chain(&["x-my-secret", "helicone-api-key"]) {
            let kept = redactor.header(name, "Bearer sk-ant-0123456789");
            assert!(!kept.contains("sk-ant"), "{name}: {kept}");
            assert_ne!(kept, redactor.header(name, "Bearer sk-ant-9876543210"), "{name}");
            assert_eq!(kept, redactor.header(name, "Bearer sk-ant-0123456789"), "{name}");
        }
        assert!(redactor.header("authorization", "Bearer abc").starts_with("Bearer ‹secret "));
        assert!(redactor.header("x-api-key", "abcd").ends_with(" len=4›"));
    }

    #[test]
    fn what_is_no_credential_is_left_alone() {
        let redactor = redactor();
        for (name, value) in [("anthropic-ratelimit-tokens-limit", "5"), ("user-agent", "claude"), ("x-request-id", "r")] {
            assert_eq!(redactor.header(name, value), value);
        }
        assert_eq!(redactor.target("/v1/messages?beta=true"), "/v1/messages?beta=true");
    }

    #[test]
    fn key_parameters_are_replaced_wherever_they_stand() {
        let target = redactor().target("/v1beta/models?alt=sse&key=AIzaSecret&x=1&ACCESS_TOKEN=tok");
        assert!(
            target.starts_with("/v1beta/models?alt=sse&key=‹secret ") && target.contains("&x=1&ACCESS_TOKEN=‹secret "),
            "{target}"
        );
        assert!(!target.contains("AIza") && !target.contains("=tok"), "{target}");
    }

    #[test]
    fn the_key_is_kept_in_the_folder_and_private() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().expect("temporary folder");
        let first = Redactor::open(dir.path()).expect("made");
        let again = Redactor::open(dir.path()).expect("read");
        assert_eq!(first.fingerprint("x"), again.fingerprint("x"));
        let mode = fs::metadata(dir.path().join("fingerprint.key")).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
