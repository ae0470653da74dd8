//! Header fields by their name.

use ccdump_record::Header;

/// The value of the first header of that name, whatever its case.
pub fn find<'a>(headers: &'a [Header], name: &str) -> Option<&'a str> {
    headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case(name))
        .map(|header| header.value.as_str())
}
