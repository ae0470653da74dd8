"""What differs between an exchange that went straight and one that went through."""

from collections.abc import Iterator

import accepted
import asked
import fields
import limits
import wire
from asked import Asked
from exchange import Exchange
from fields import Difference, Verdict

REFUSALS = (400, 403, 405, 408, 413, 414, 417, 421, 431, 505)


def exchange(
    one: Exchange,
    client: str,
    straight: wire.Answer,
    through: wire.Answer,
    asked_straight: list[Asked],
    asked_through: list[Asked],
) -> Verdict:
    verdict = Verdict()
    if is_refused(through, asked_through):
        refused(one, through, verdict)
        return verdict
    answers(one, client, straight, through, verdict)
    unanswered = {accepted.CUT_HEAD, accepted.NO_HEAD, accepted.UNREADABLE}
    is_broken = unanswered & set(verdict.accepted)
    if not verdict.differences and not is_broken:
        # How often the upstream is asked follows from how the answer ended.
        asked.requests(one, client, asked_straight, asked_through, verdict)
    return verdict


def refusal(answer: wire.Answer) -> str:
    """The daemon's own words, where it answered itself."""
    return next(iter(fields.values(answer.fields, "x-ccdump-error")), "")


def is_refused(answer: wire.Answer, asked_through: list[Asked]) -> bool:
    return bool(refusal(answer)) or (answer.status in REFUSALS and not asked_through)


def refused(one: Exchange, through: wire.Answer, verdict: Verdict) -> None:
    words, request = refusal(through), one.request
    # HTTP/1.0 knows no transfer codings.
    has_coding = request.framing not in ("none", "length", "length twice", "length list")
    is_old = request.version == b"HTTP/1.0" and has_coding
    if not is_old and not accepted.REFUSABLE & set(one.tags):
        kind = f"answered by the daemon: {through.status} {words}"[:90]
        verdict.differences.append(Difference(kind, ""))
    elif not words.startswith("refused:"):
        kind = f"refused without a reason: {through.status}"
        verdict.differences.append(Difference(kind, words))
    else:
        verdict.accepted.append(accepted.REFUSED)


def answers(
    one: Exchange, client: str, straight: wire.Answer, through: wire.Answer, verdict: Verdict
) -> None:
    if client == "raw" and (framings := framings_of(through)) > 1:
        kind = "field: more than one framing goes out"
        verdict.differences.append(Difference(kind, str(framings)))
    found = list(answer_differences(one, client, straight, through, verdict))
    if found and (reason := limits.reason(one, client, straight, through)):
        verdict.accepted.append(reason)
    else:
        verdict.differences += found
        verdict.differences += trailer_differences(one, straight, through, verdict)


def answer_differences(
    one: Exchange, client: str, straight: wire.Answer, through: wire.Answer, verdict: Verdict
) -> Iterator[Difference]:
    is_blunt = client in accepted.BLUNT and {straight.ending, through.ending} <= accepted.BROKEN
    if straight.ending != through.ending and not is_blunt:
        kind = f"ending: {straight.ending} -> {through.ending}"
        yield Difference(kind, f"{straight.words} | {through.words}")
        return
    if straight.status != through.status:
        yield Difference("status", f"{straight.status} -> {through.status}")
        return
    if straight.reason.strip() != through.reason.strip():
        yield Difference("reason", f"{straight.reason!r:.60} -> {through.reason!r:.60}")
    # Of a coded body that breaks, fetch decodes more or less.
    is_decoded = client == "fetch" and fields.values(straight.fields, "content-encoding")
    is_comparable = not is_decoded or straight.ending == "complete"
    if is_comparable and straight.digest != through.digest:
        yield Difference("body", f"{straight.size} -> {through.size} bytes")
    if one.request.expects == "waits" and straight.continued != through.continued:
        yield Difference("told to go on", f"{straight.continued} -> {through.continued}")
    before, after = straight.fields, through.fields
    yield from fields.differences("field", client, before, after, verdict, straight.status)
    if client != "fetch":
        yield from informational_differences(straight, through)


def trailer_differences(
    one: Exchange, straight: wire.Answer, through: wire.Answer, verdict: Verdict
) -> Iterator[Difference]:
    before, after = fields.passing(straight.trailers), fields.passing(through.trailers)
    if straight.ending != through.ending or fields.lower(before) == fields.lower(after):
        return
    # In no other framing there are any; and a client that names what it takes can leave them out.
    is_chunked = bool(fields.values(through.fields, "transfer-encoding"))
    takes = [value for name, value in one.request.fields if name.lower() == b"te"]
    are_taken = not takes or any(b"trailers" in value for value in takes)
    if fields.values(straight.fields, "trailer") and is_chunked and are_taken:
        yield Difference("trailers", f"{before} -> {after}")
    else:
        verdict.accepted.append(accepted.ANNOUNCED)


def informational_differences(straight: wire.Answer, through: wire.Answer) -> Iterator[Difference]:
    before, after = straight.informational, through.informational
    if before != after:
        yield Difference("informational", f"{before} -> {after}"[:300])


def framings_of(answer: wire.Answer) -> int:
    """How often a head says how its body is delimited. A strict parser refuses more than one."""
    names = ("content-length", "transfer-encoding")
    return sum(len(fields.values(answer.fields, name)) for name in names)
