//! HTTP headers as this crate needs them: names and values, in the order and case they came in.

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// In any case.
    pub name: String,
    pub value: String,
}

/// The value of the first header of that name, whatever its case.
pub fn find<'a>(headers: &'a [Header], name: &str) -> Option<&'a str> {
    headers.iter().find(|header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value.as_str())
}
