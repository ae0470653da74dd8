//! Which lines of what a tool says are sentences: these are broken between words, and code, tables
//! and columns are not.

/// Fewer words make no sentence: what is too long with so few is a path, a hash, a line of minified
/// code.
const FEWEST_WORDS: usize = 6;
/// Of so many words …
const OF: usize = 3;
/// … so many must be nothing but letters.
const PLAIN: usize = 2;
/// What stands around words in sentences.
const AROUND: &[char] = &[
    '.', ',', ';', ':', '!', '?', '(', ')', '[', ']', '"', '\'', '`', '*', '_', '“', '”', '‘', '’',
    '„', '«', '»', '…', '–', '—',
];

/// Whether a line, of clean text, is a sentence or several.
pub(super) fn is_prose(line: &str) -> bool {
    let text = line.trim();
    // Blanks side by side line up columns; so do these.
    if text.contains("  ") || text.contains(['\t', '|', '│']) {
        return false;
    }
    let is_plain = |word: &&str| {
        let word = word.trim_matches(AROUND);
        word.contains(char::is_alphabetic)
            && word.chars().all(|c| c.is_alphabetic() || matches!(c, '-' | '\'' | '’'))
    };
    let words = text.split(' ').count();
    let plain = text.split(' ').filter(is_plain).count();
    words >= FEWEST_WORDS && plain.saturating_mul(OF) >= words.saturating_mul(PLAIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_told_from_code_tables_and_logs() {
        for prose in [
            "The parser forgives colour codes, and whatever else stands behind the date; that was not meant.",
            "    - Three callers rely on `parse_date` (see src/dates.rs), none of them on the loose match.",
            "Das Übrige – so steht es im Heft – ist „nicht geprüft“, und bleibt so.",
            "error: the value of the field is no number, and nothing else was expected here",
        ] {
            assert!(is_prose(prose), "{prose}");
        }
        for other in [
            "let found = form.fullmatch(text).filter(|found| found.len() > 3).map(|found| found[0]);",
            "-rw-r--r--  1 mira mira   24 Nov 23 10:15 a file with quite a few words in its name",
            "| caller | reads | relies on the loose match | and so on |",
            "2026-11-23T18:04:18.056594Z INFO ready proxy=http://127.0.0.1:45099 socket=/tmp/a data=/tmp/b",
            "src/kalends/bank.py:22: return parse_date(row[0], strict=True) if row else None",
            "d41d8cd98f00b204e9800998ecf8427e d41d8cd98f00b204e9800998ecf8427e",
            "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p",
            "one two three",
            "- - - - - - - - - -",
            "",
        ] {
            assert!(!is_prose(other), "{other}");
        }
    }
}
