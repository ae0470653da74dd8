#!/usr/bin/env python3
"""Writes shared/provider/src/prices.json, the price table, from the PyPI package genai-prices (MIT).

    python3 -m venv /tmp/prices && /tmp/prices/bin/pip install genai-prices && /tmp/prices/bin/python scripts/prices.py

The package carries its data, so nothing is fetched. What is kept of it is the price of text tokens for the models of Anthropic,
OpenAI and Google, as it stands on the day the script runs. The format is read by shared/provider/src/price.rs:

    stamp    the package's version and that day
    models   the first that matches a model's name gives its price:
      match    lists of patterns, of which one has to match in all its patterns: `*` is any run of characters, `#` a digit, and what
               follows a `!` must not match
      prices   rows [from, input, output, cache read, 5m cache write, 1h cache write], US dollars per million tokens. The last row
               whose `from` is less than the tokens of the prompt holds for the whole request.
"""

import datetime
import importlib.metadata
import itertools
import json
import pathlib
import re
import sys

from genai_prices import types
from genai_prices.data import providers

PROVIDERS = ["anthropic", "openai", "google"]
TARGET = pathlib.Path(__file__).parent.parent / "shared/provider/src/prices.json"

# Regular expressions that are no pattern by themselves.
NOT_SPEECH = r"^(?!.*-[tT][tT][sS](?:$|-))"


def patterns_of_regex(regex):
    """The alternatives that a regular expression stands for, each a list of patterns that all have to match."""
    if regex == NOT_SPEECH:
        return [["!*-tts", "!*-tts-*"]]
    pattern = re.sub(r"\\d\{(\d+)\}", lambda digits: "#" * int(digits[1]), regex).replace(r"\d", "#").replace(r"\.", ".")
    pattern = pattern[1:] if pattern.startswith("^") else "*" + pattern
    pattern = pattern[:-1] if pattern.endswith("$") else pattern + "*"
    choice = re.search(r"\[([^\]]+)\]", pattern)
    patterns = [pattern.replace(choice[0], char) for char in choice[1]] if choice else [pattern]
    for pattern in patterns:
        if not re.fullmatch(r"[a-z0-9.#*@:/_-]+", pattern):
            sys.exit(f"no pattern can be made of the regular expression {regex}: extend this script")
    return [[pattern] for pattern in patterns]


def patterns(clause):
    """As patterns_of_regex, for any clause."""
    match clause:
        case types.ClauseEquals():
            return [[clause.equals.lower()]]
        case types.ClauseStartsWith():
            return [[clause.starts_with.lower() + "*"]]
        case types.ClauseEndsWith():
            return [["*" + clause.ends_with.lower()]]
        case types.ClauseContains():
            return [["*" + clause.contains.lower() + "*"]]
        case types.ClauseRegex():
            return patterns_of_regex(clause.regex)
        case types.ClauseOr():
            return [alternative for part in clause.or_ for alternative in patterns(part)]
        case types.ClauseAnd():
            parts = itertools.product(*(patterns(part) for part in clause.and_))
            return [[pattern for alternative in combination for pattern in alternative] for combination in parts]
    sys.exit(f"unknown clause {clause}: extend this script")


def price_at(price, start):
    """A price per million tokens for prompts of more than `start` tokens."""
    if price is None:
        return None
    if isinstance(price, types.TieredPrices):
        reached = [tier.price for tier in price.tiers if tier.start <= start]
        price = reached[-1] if start and reached else price.base
    return float(price)


def rows(price, is_anthropic):
    """Complete rows: what the package leaves out costs as much as fresh input."""
    fields = ["input_mtok", "output_mtok", "cache_read_mtok", "cache_write_mtok", "cache_write_1h_mtok"]
    prices = [getattr(price, field) for field in fields]
    starts = {tier.start for price in prices if isinstance(price, types.TieredPrices) for tier in price.tiers}
    for start in sorted({0} | starts):
        input, output, read, write, write_1h = (price_at(price, start) for price in prices)
        write = input if write is None else write
        if write_1h is None:
            write_1h = 2 * input if is_anthropic else write
        yield [start, input, output or 0, input if read is None else read, write, write_1h]


def main():
    now = datetime.datetime.now(datetime.UTC)
    models = []
    for provider in sorted((p for p in providers if p.id in PROVIDERS), key=lambda p: PROVIDERS.index(p.id)):
        for model in provider.models:
            price = model.get_prices(now)
            if price.input_mtok is None:
                continue  # billed by something other than text tokens
            prices = [[int(p) if p == int(p) else p for p in row] for row in rows(price, provider.id == "anthropic")]
            models.append({"match": patterns(model.match), "prices": prices})
    stamp = f"genai-prices {importlib.metadata.version('genai-prices')}, {now:%Y-%m-%d}"
    lines = ",\n".join(json.dumps(model, separators=(",", ":")) for model in models)
    TARGET.write_text(f'{{"stamp":"{stamp}","models":[\n{lines}\n]}}\n')
    print(f"{len(models)} models, {stamp}")


main()
