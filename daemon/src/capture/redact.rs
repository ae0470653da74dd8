//! Credentials become fingerprints before anything is kept. What a credential is stands in
//! `shared/secrets`.

use std::{
    fs,
    io::{self, Read as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

/// Replaces secrets by a keyed hash: the same secret gives the same fingerprint in one data folder,
/// two different ones can be told apart, and none can be read or looked up elsewhere.
#[derive(Clone)]
pub struct Redactor {
    key: [u8; 32],
}

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
        let mut file = fs::OpenOptions::new()
            .create(true)
            .truncate(true)
            .write(true)
            .mode(0o600)
            .open(&path)?;
        file.write_all(&key)?;
        Ok(Self { key })
    }

    /// A header's value as it may be kept.
    pub fn header(&self, name: &str, value: &str) -> String {
        ccdump_secrets::header(name, value, &|secret| self.fingerprint(secret)).into_owned()
    }

    /// A request target, or a URL, as it may be kept.
    pub fn target(&self, target: &str) -> String {
        ccdump_secrets::target(target, &|secret| self.fingerprint(secret)).into_owned()
    }

    /// A message (the words of an error, a name of an upstream) as it may be kept.
    pub fn text(&self, text: &str) -> String {
        ccdump_secrets::text(text, &|secret| self.fingerprint(secret)).into_owned()
    }

    /// What puts a fingerprint in the place of a credential.
    pub fn mark(&self) -> impl Fn(&str) -> String + Send + 'static {
        let redactor = self.clone();
        move |secret| redactor.fingerprint(secret)
    }

    fn fingerprint(&self, secret: &str) -> String {
        let hash = blake3::keyed_hash(&self.key, secret.as_bytes());
        let short: String =
            hash.as_bytes().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        ccdump_secrets::printed(&short, secret)
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
        let kept = redactor.header("authorization", "Bearer sk-ant-0123456789");
        assert!(kept.starts_with("Bearer ‹secret ") && kept.ends_with(" len=17›"), "{kept}");
        assert_ne!(kept, redactor.header("authorization", "Bearer sk-ant-9876543210"));
        assert_eq!(kept, redactor.header("Authorization", "Bearer sk-ant-0123456789"));
        assert_eq!(kept, redactor.header("authorization", &kept), "once is enough");
        let target = redactor.target("/v1beta/models?alt=sse&key=AIzaSecret&x=1");
        assert!(
            target.starts_with("/v1beta/models?alt=sse&key=‹secret ") && target.ends_with("&x=1"),
            "{target}"
        );
        assert!(redactor.text("no TLS with https://u:p@h").contains("//‹secret "));
        assert_eq!(redactor.header("x-request-id", "r"), "r");
    }

    #[test]
    fn the_key_is_kept_in_the_folder_and_private() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().expect("temporary folder");
        let first = Redactor::open(dir.path()).expect("made");
        let again = Redactor::open(dir.path()).expect("read");
        assert_eq!(first.fingerprint("x"), again.fingerprint("x"));
        let mode =
            fs::metadata(dir.path().join("fingerprint.key")).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
