"""Requests as the upstream saw them, straight and through."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import accepted
import fields
import wire
from exchange import Exchange
from fields import Difference, Verdict


@dataclass
class Asked:
    """A request as it arrived."""

    method: bytes
    target: bytes
    version: bytes
    fields: list[tuple[bytes, bytes]]
    # `length`, `chunked`, `none`; or `?` while the body has not been looked at.
    framing: str = "?"
    size: int = 0
    digest: str = ""
    trailers: list[bytes] = field(default_factory=list)
    is_whole: bool = False
    # Bytes that came after the response, up to the end.
    unread: int = 0
    # Whether the other side left a response that was held back.
    was_left: bool = False
    # Set when the upstream has done with it.
    over: threading.Event = field(default_factory=threading.Event)


def requests(
    one: Exchange, client: str, straight: list[Asked], through: list[Asked], verdict: Verdict
) -> None:
    if len(straight) != len(through):
        times = f"{len(straight)} -> {len(through)}"
        verdict.differences.append(Difference("times the upstream is asked", times))
    if straight and through:
        verdict.differences += differences(one, client, straight[-1], through[-1], verdict)


def differences(
    one: Exchange, client: str, straight: Asked, through: Asked, verdict: Verdict
) -> Iterator[Difference]:
    if straight.method != through.method:
        yield Difference("asked method", f"{straight.method} -> {through.method}")
    target = straight.target
    if target.startswith(b"http://"):
        target = b"/" + target.split(b"/", 3)[3]
        verdict.accepted.append(accepted.ORIGIN_FORM)
    if target != through.target:
        yield Difference("asked target", f"{target!r:.80} -> {through.target!r:.80}")
    yield from body_differences(one, straight, through)
    if straight.was_left != through.was_left:
        kind = "the client leaves, the upstream is kept"
        yield Difference(kind, f"{straight.was_left} -> {through.was_left}")
    yield from upgrade_differences(one, through)
    before, after = (comparable(client, wire.text(side.fields)) for side in (straight, through))
    yield from fields.differences("asked field", "raw", before, after, verdict)


def body_differences(one: Exchange, straight: Asked, through: Asked) -> Iterator[Difference]:
    is_read = one.response.when == "body"
    if straight.is_whole and through.is_whole and straight.digest != through.digest:
        yield Difference("asked body", f"{straight.size} -> {through.size} bytes")
    if straight.is_whole != through.is_whole and is_read:
        yield Difference("asked body whole", f"{straight.is_whole} -> {through.is_whole}")
    if one.request.expects == "waits" and bool(straight.unread) != bool(through.unread):
        kind = "asked body of a request that was refused"
        yield Difference(kind, f"{straight.unread} -> {through.unread} bytes")
    if straight.framing != through.framing and "none" in (straight.framing, through.framing):
        yield Difference("asked framing", f"{straight.framing} -> {through.framing}")
    before, after = (
        fields.lower(wire.text(wire.Head(b"", side.trailers).fields()))
        for side in (straight, through)
    )
    if before != after and fields.values(wire.text(straight.fields), "trailer"):
        yield Difference("asked trailers", f"{before} -> {after}")


def upgrade_differences(one: Exchange, through: Asked) -> Iterator[Difference]:
    """An upgrade goes on with all that belongs to it, or not at all."""
    had = wire.text(through.fields)
    named = ",".join(fields.values(had, "connection")).lower()
    for name in ("upgrade", "http2-settings"):
        if fields.values(had, name) and name not in named:
            yield Difference("asked upgrade", f"{name} without Connection: {name}")
    if "h2c" in fields.values(had, "upgrade") and not fields.values(had, "http2-settings"):
        yield Difference("asked upgrade", "h2c without its settings")
    if "ask:upgrade_to_websocket" in one.tags and not fields.values(had, "upgrade"):
        yield Difference("asked upgrade", "lost")


def comparable(client: str, sent: fields.Fields) -> fields.Fields:
    """The value of Host should be another at each; fetch accepts more codings over TLS."""
    varies = ("host", "accept-encoding") if client == "fetch" else ("host",)
    return [(name, "*" if name.lower() in varies else value) for name, value in sent]
