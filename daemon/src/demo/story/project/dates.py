"""Dates as people write them."""

import re
from datetime import date

_FORMS = (
    re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})"),
    re.compile(r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})"),
    re.compile(r"(?P<year>\d{4})年(?P<month>\d{1,2})月(?P<day>\d{1,2})日"),
)


def parse_date(text: str) -> date:
    """The date that `text` is.

    Raises ValueError when it is none, or when anything follows.
    """
    for form in _FORMS:
        # Terminals leave colour codes behind the date.
        found = form.match(text.strip())
        if found:
            return date(**{name: int(part) for name, part in found.groupdict().items()})
    raise ValueError(f"no date: {text!r}")
