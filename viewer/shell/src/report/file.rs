//! A report as a file: one JSON value, for its owner alone, without secrets.

use std::{
    fs::{self, OpenOptions},
    io::{self, BufWriter, ErrorKind, Read as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use serde_json::Value;

use super::{FORMAT, Report, ReportError, earlier, secrets};

/// A larger file is none of ours. Bytes.
const LARGEST: u64 = 128 << 20;

impl Report {
    /// Writes it to a new file; gives the number of secrets that were left out.
    pub fn write(&self, path: &Path) -> Result<usize, ReportError> {
        let unwritable = |source: io::Error| match source.kind() {
            ErrorKind::AlreadyExists => ReportError::Exists { path: path.to_owned() },
            _ => ReportError::Unwritable { path: path.to_owned(), source },
        };
        let mut value = serde_json::to_value(self).map_err(|error| unwritable(error.into()))?;
        let secrets = secrets::scrub(&mut value);
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .map_err(unwritable)?;
        let written = (|| {
            let mut out = BufWriter::new(file);
            serde_json::to_writer_pretty(&mut out, &value)?;
            out.write_all(b"\n")?;
            out.flush()
        })();
        if let Err(error) = written {
            // Half a report is none.
            let _ = fs::remove_file(path);
            return Err(unwritable(error));
        }
        Ok(secrets)
    }

    pub fn read(path: &Path) -> Result<Self, ReportError> {
        let mut bytes = Vec::new();
        let read =
            fs::File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes));
        read.map_err(|source| ReportError::Unreadable { path: path.to_owned(), source })?;
        if bytes.len() as u64 > LARGEST {
            return Err(ReportError::Broken {
                path: path.to_owned(),
                reason: "it is too large".to_owned(),
            });
        }
        Self::parse(&bytes, path)
    }

    /// `path`: what to call it if something is wrong with it.
    pub fn parse(bytes: &[u8], path: &Path) -> Result<Self, ReportError> {
        let broken = |reason: String| ReportError::Broken { path: path.to_owned(), reason };
        let mut value: Value =
            serde_json::from_slice(bytes).map_err(|error| broken(error.to_string()))?;
        let format = value
            .get("format")
            .and_then(Value::as_u64)
            .ok_or_else(|| broken("it has no format number".to_owned()))?;
        if format > u64::from(FORMAT) {
            return Err(ReportError::Newer { path: path.to_owned(), format });
        }
        if format < u64::from(FORMAT) {
            earlier::from_first(&mut value);
        }
        serde_json::from_value(value).map_err(|error| broken(error.to_string()))
    }
}
