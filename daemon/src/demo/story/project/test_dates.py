from datetime import date
from pathlib import Path

import pytest

from kalends.dates import parse_date

PASTED = Path(__file__).parent / "fixtures" / "pasted.log"


@pytest.mark.parametrize("text", ["2026-11-23", "23.11.2026", "2026年11月23日", " 2026-11-23 "])
def test_forms(text):
    assert parse_date(text) == date(2026, 11, 23)


@pytest.mark.parametrize("text", ["2026-11-231", "23.11.20266", "2026-11-23T25:99"])
def test_nothing_may_follow(text):
    with pytest.raises(ValueError):
        parse_date(text)


def test_pasted_from_a_terminal():
    lines = PASTED.read_text().split("\n")
    assert [parse_date(line).day for line in lines if line] == [20, 21, 22, 23]
