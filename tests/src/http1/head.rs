//! The head of a request or a response, kept as it was on the wire.

use std::{fmt, io};

/// One header line.
#[derive(Clone, PartialEq, Eq)]
pub struct Field {
    /// In the case it was sent in.
    pub name: String,
    /// Without the white space around it.
    pub value: Vec<u8>,
}

impl Field {
    pub fn new(name: &str, value: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), value: value.into() }
    }
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value: String = String::from_utf8_lossy(&self.value).chars().take(120).collect();
        write!(f, "{}: {value}", self.name)
    }
}

#[derive(Clone, PartialEq, Eq)]
pub struct Head {
    /// Request or status line, without its line end.
    pub start: Vec<u8>,
    /// In order of arrival.
    pub fields: Vec<Field>,
}

impl fmt::Debug for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", String::from_utf8_lossy(&self.start), self.fields)
    }
}

impl Head {
    /// Reads a head, empty line included.
    ///
    /// # Errors
    /// `InvalidData` on a line that is no header.
    pub fn parse(raw: &[u8]) -> io::Result<Self> {
        let mut lines =
            raw.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        let start = lines.next().unwrap_or_default().to_vec();
        let fields = lines
            .take_while(|line| !line.is_empty())
            .map(parse_field)
            .collect::<io::Result<_>>()?;
        Ok(Self { start, fields })
    }

    /// The value of the first field of that name, whatever its case, as text.
    pub fn get(&self, name: &str) -> Option<String> {
        self.all(name).into_iter().next()
    }

    /// All values of that name, in order.
    pub fn all(&self, name: &str) -> Vec<String> {
        self.fields
            .iter()
            .filter(|field| field.name.eq_ignore_ascii_case(name))
            .map(|field| String::from_utf8_lossy(&field.value).into_owned())
            .collect()
    }

    /// The fields ordered by name and otherwise as they came: HTTP gives the order between
    /// different names no meaning.
    pub fn by_name(&self) -> Vec<Field> {
        let mut fields = self.fields.clone();
        fields.sort_by_key(|field| field.name.to_ascii_lowercase());
        fields
    }

    pub fn status(&self) -> u16 {
        self.word(1).parse().expect("a status line has a number")
    }

    pub fn method(&self) -> String {
        self.word(0)
    }

    /// Path and query, as sent.
    pub fn target(&self) -> String {
        self.word(1)
    }

    fn word(&self, n: usize) -> String {
        let line = String::from_utf8_lossy(&self.start);
        line.split(' ').nth(n).unwrap_or_default().to_owned()
    }
}

fn parse_field(line: &[u8]) -> io::Result<Field> {
    let colon = line.iter().position(|byte| *byte == b':').ok_or_else(|| {
        let line = String::from_utf8_lossy(line).into_owned();
        io::Error::new(io::ErrorKind::InvalidData, format!("no header: {line}"))
    })?;
    Ok(Field {
        name: String::from_utf8_lossy(&line[..colon]).into_owned(),
        value: line[colon + 1..].trim_ascii().to_vec(),
    })
}
