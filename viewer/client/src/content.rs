//! Headers by their name.

use ccdump_record::Header;

/// The first header of that (lower-case) name.
pub fn header<'a>(headers: &'a [Header], name: &str) -> Option<&'a str> {
    headers.iter().find(|header| header.name == name).map(|header| header.value.as_str())
}
