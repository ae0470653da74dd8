"""Header fields, straight and through."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import accepted

Fields = list[tuple[str, str]]

# About one connection only, or about how a body is delimited on it.
HOP_BY_HOP = {
    "connection",
    "content-length",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}
# Which stay, also where Connection names them.
END_TO_END = {"host", "content-type"}
TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
FOLD = re.compile(r"(?:[ \t]*\r?\n[ \t]+)+")


@dataclass(frozen=True)
class Difference:
    kind: str
    detail: str


@dataclass
class Verdict:
    differences: list[Difference] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)


def differences(
    what: str, client: str, straight: Fields, through: Fields, verdict: Verdict, status: int = 0
) -> Iterator[Difference]:
    if not straight and not through:
        return
    # By the letter, 204 has no length.
    if status != 204:
        yield from of_length(what, straight, through)
    before, after = passing(straight), passing(through)
    if any(not is_field(name) for name, _ in straight):
        verdict.accepted.append(accepted.NO_FIELDS)
    if any(CONTROL.search(value.strip()) for _, value in straight):
        verdict.accepted.append(accepted.CONTROLS)
    if client == "fetch":
        # Which has spaces of its own where lines were folded.
        before, after = (
            sorted((name, re.sub(" +", " ", value)) for name, value in lower(side))
            for side in (before, after)
        )
    if before == after:
        return
    if together(before) == after:
        verdict.accepted.append(accepted.TOGETHER)
        return
    lost, added = Counter(before) - Counter(after), Counter(after) - Counter(before)
    if not lost and not added:
        order = f"{[name for name, _ in before]} -> {[name for name, _ in after]}"
        yield Difference(f"{what} order", order[:300])
    elif Counter(lower(before)) == Counter(lower(after)):
        yield Difference(f"{what} case", f"{list(lost)[:4]} -> {list(added)[:4]}"[:200])
    else:
        for name in sorted({name.lower() for name, _ in [*lost, *added]})[:6]:
            yield of_name(what, name, values(before, name), values(after, name))


def of_name(what: str, name: str, before: list[str], after: list[str]) -> Difference:
    kind = "lost" if not after else "added" if not before else "changed"
    family = re.sub(r"\d+", "N", name)
    return Difference(f"{what} {kind}: {family}", f"{before!r:.120} -> {after!r:.120}")


def of_length(what: str, straight: Fields, through: Fields) -> Iterator[Difference]:
    """A length that stood alone and was one is kept."""
    before, after = values(straight, "content-length"), values(through, "content-length")
    is_plain = len(before) <= 1 and all(value.strip().isdigit() for value in before)
    if not is_plain or values(straight, "transfer-encoding"):
        return
    if [int(value) for value in before] != [int(value) for value in after if value.isdigit()]:
        yield Difference(f"{what} content-length", f"{before} -> {after}")


def values(fields: Fields, name: str) -> list[str]:
    return [value for key, value in fields if key.lower() == name]


def is_field(name: str) -> bool:
    return bool(TOKEN.fullmatch(name.strip()))


def visible(value: str) -> str:
    """A value without folds and control characters, which become spaces."""
    return CONTROL.sub(" ", FOLD.sub(" ", value)).strip()


def passing(fields: Fields) -> Fields:
    """What a proxy passes on: neither what concerns one connection nor what is no field."""
    named = ",".join(values(fields, "connection")).lower().split(",")
    stops = HOP_BY_HOP | ({token.strip() for token in named} - END_TO_END)
    return [
        (name.strip(), visible(value))
        for name, value in fields
        if name.strip().lower() not in stops and is_field(name)
    ]


def lower(fields: Fields) -> Fields:
    return [(name.lower(), value) for name, value in fields]


def together(fields: Fields) -> Fields:
    """Each name's fields where the first of them stood."""
    first: dict[str, int] = {}
    for at, (name, _) in enumerate(fields):
        first.setdefault(name.lower(), at)
    return sorted(fields, key=lambda one: first[one[0].lower()])


def joined(fields: Fields) -> Fields:
    """As fetch tells them."""
    out: Fields = []
    seen: dict[str, int] = {}
    for name, value in lower(fields):
        if name in seen and name != "set-cookie":
            out[seen[name]] = (name, f"{out[seen[name]][1]}, {value}")
        else:
            seen[name] = len(out)
            out.append((name, value))
    return out
