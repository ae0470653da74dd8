//! What the agents get to see of the project, and what its tools print.

/// The parser, whose match is too loose.
pub const DATES: &str = include_str!("project/dates.py");
pub const TESTS: &str = include_str!("project/test_dates.py");

/// Lines that somebody pasted from a terminal: a colour is reset, the clipboard is set (OSC 52), a
/// link is hidden (OSC 8), the screen is cleared (CSI behind a C1 character), the direction of
/// writing is turned around, and what follows blinks in red.
pub const PASTED: &str = concat!(
    "2026-11-20\x1b[0m\n",
    "2026-11-21\x1b]52;c;b3duZWQ=\x07\n",
    "2026-11-22\x1b]8;;https://example.invalid/\x1b\\\x1b]8;;\x1b\\\n",
    "2026-11-23\u{9b}2J\u{202e}\x1b[31;5m\n",
);

pub const TESTS_FAIL: &str = "\
Exit code 1
....FFF.                                                                 [100%]
=================================== FAILURES ===================================
E   Failed: DID NOT RAISE ValueError
/home/mira/kalends/tests/test_dates.py:18: Failed: DID NOT RAISE ValueError
E   Failed: DID NOT RAISE ValueError
/home/mira/kalends/tests/test_dates.py:18: Failed: DID NOT RAISE ValueError
E   Failed: DID NOT RAISE ValueError
/home/mira/kalends/tests/test_dates.py:18: Failed: DID NOT RAISE ValueError
=========================== short test summary info ============================
FAILED tests/test_dates.py::test_nothing_may_follow[2026-11-231] - Failed: DI...
FAILED tests/test_dates.py::test_nothing_may_follow[23.11.20266] - Failed: DI...
FAILED tests/test_dates.py::test_nothing_may_follow[2026-11-23T25:99] - Faile...
3 failed, 5 passed in 0.03s";

pub const TESTS_PASS: &str = "\
........                                                                 [100%]
8 passed in 0.02s";

pub const USES: &str = "\
src/kalends/dates.py:13:def parse_date(text: str) -> date:
src/kalends/bank.py:22:    booked = parse_date(row[\"Buchungstag\"])
src/kalends/cli.py:31:    return parse_date(argument)
src/kalends/mail.py:58:            sent = parse_date(words[-1])
tests/test_dates.py:6:from kalends.dates import parse_date";

pub const LOG: &str = "\
4f1c2aa Sun Nov 22 Jo   Accept dates that were pasted from a terminal
b08d7e1 Tue Nov 3  Mira Read Japanese dates
91aa0c3 Fri Oct 30 Mira First version";

pub const COMMIT: &str = r#"commit 4f1c2aa
Author: Jo
Date:   Sun Nov 22 23:41:07 2026 +0100

    Accept dates that were pasted from a terminal

--- a/src/kalends/dates.py
+++ b/src/kalends/dates.py
@@ -18,2 +18,3 @@
-        found = form.fullmatch(text.strip())
+        # Terminals leave colour codes behind the date.
+        found = form.match(text.strip())"#;

pub const BANK: &str = r#""""Statements of the bank, as it exports them."""

import csv

from kalends.dates import parse_date


def bookings(file):
    """Date and amount of each line."""
    for row in csv.DictReader(file, delimiter=";"):
        booked = parse_date(row["Buchungstag"])
        yield booked, row["Betrag"].replace(",", ".")
"#;

pub const STATEMENTS: &str = "\
412 lines in 3 files
412 match ^[0-9]{2}\\.[0-9]{2}\\.[0-9]{4}$";

pub const CLI_AND_MAIL: &str = r#"src/kalends/cli.py:31:    return parse_date(argument)
src/kalends/cli.py-32-
src/kalends/mail.py-57-        if words and words[-1][:1].isdigit():
src/kalends/mail.py:58:            sent = parse_date(words[-1])
src/kalends/mail.py-59-            break"#;

pub const DIFFERENCE: &str = " src/kalends/dates.py | 7 +++++--
 1 file changed, 5 insertions(+), 2 deletions(-)";

/// A text as Read gives it.
pub fn numbered(text: &str) -> String {
    text.split_terminator('\n')
        .zip(1..)
        .map(|(line, number): (&str, u32)| format!("{number:>6}\t{line}\n"))
        .collect()
}
