"""The record of what went through: as the clients and the upstream saw it."""

from collections.abc import Iterator
from dataclasses import dataclass

import compare
import fields
import limits
import wire
from asked import Asked
from daemon import Daemon
from exchange import Exchange
from fields import Difference


@dataclass
class Passed:
    """An exchange that went through."""

    exchange: Exchange
    client: str
    answer: wire.Answer
    asked: list[Asked]


def differences(
    daemon: Daemon, passed: dict[str, Passed], bodies_of_each: int
) -> Iterator[tuple[str, Difference]]:
    """By case. The bodies of one in `bodies_of_each` are read and compared."""
    rows = daemon.exchanges({case for case, one in passed.items() if is_on_record(one)})
    for number, (case, one) in enumerate(sorted(passed.items())):
        if row := rows.get(case):
            found = list(of_row(row, one))
            if number % bodies_of_each == 0:
                found += of_bodies(daemon, row, one)
        else:
            is_missing = is_on_record(one)
            found = [Difference("record: none", str(one.answer.status))] if is_missing else []
        yield from ((case, difference) for difference in found)


def is_on_record(one: Passed) -> bool:
    """Whether its row must be there, and can be told by the target."""
    # What was behind an exchange that ended the connection has never been read.
    was_read = bool(one.asked or one.answer.status)
    return was_read and one.exchange.request.target.startswith((b"/d/", b"//d/"))


def of_row(row: dict, one: Passed) -> Iterator[Difference]:
    answer, state = one.answer, row["end_state"]
    if state is None:
        yield Difference("record: never ended", "")
        return
    if answer.ending == "complete" and row["status"] != answer.status:
        yield Difference("record: status", f"{answer.status} -> {row['status']}")
    wanted = end_states(one)
    if not compare.refusal(answer) and wanted and state not in wanted:
        yield Difference(f"record: {answer.ending} is {state}", f"status {row['status']}")


def end_states(one: Passed) -> set[str]:
    """Which may be told of an exchange; none of them where its client gave up by itself."""
    answer = one.answer
    if (answer.status == 101 and one.client != "raw") or (answer.status, one.client) == (
        205,
        "fetch",
    ):
        # What such a client makes of it is its own affair; of 205 fetch reads no body.
        return set()
    if answer.ending == "left":
        return {"client_cancelled"}
    if answer.ending in limits.BREAKS:
        return {"truncated", "upstream_error"}
    if answer.ending != "complete":
        return set()
    if answer.status >= 400:
        return {"upstream_error"}
    is_stream = any("event-stream" in kind for kind in fields.values(answer.fields, "content-type"))
    closes = any("close" in value for value in fields.values(answer.fields, "connection"))
    # A stream has to end with its last event. And fetch does not wait for the end of a connection
    # that is to be closed, or takes any for the end of the body.
    if one.client == "fetch" and closes:
        return {"complete", "truncated", "client_cancelled"}
    return {"complete", "truncated"} if is_stream else {"complete"}


def of_bodies(daemon: Daemon, row: dict, one: Passed) -> Iterator[Difference]:
    answer, request = one.answer, one.exchange.request
    if one.asked and one.asked[-1].is_whole:
        asked = one.asked[-1]
        body = daemon.body(row["id"], "request")
        if wire.digest(body) != asked.digest:
            yield Difference("record: request body", f"{asked.size} -> {len(body)} bytes")
    if answer.ending != "complete" or request.method == b"HEAD" or compare.refusal(answer):
        return
    body = daemon.body(row["id"], "response")
    # What fetch decodes has other bytes than were sent.
    meant = wire.digest(one.exchange.response.carries(request.method))
    if wire.digest(body) not in (answer.digest, meant):
        yield Difference("record: response body", f"{answer.size} -> {len(body)} bytes")
