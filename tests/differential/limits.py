"""Why an answer may differ: limits of the proxy, as documented, and of the clients."""

from collections import Counter

import accepted
import fields
import wire
from exchange import UNREADABLE_IN_PYTHON, Exchange

BREAKS = {"closed", "reset", "truncated"}


def reason(one: Exchange, client: str, straight: wire.Answer, through: wire.Answer) -> str | None:
    if through.ending == "complete" and is_as_meant(one, client, through):
        return accepted.MENDED
    return of_proxy(one, straight, through) or of_client(one, client, straight, through)


def of_proxy(one: Exchange, straight: wire.Answer, through: wire.Answer) -> str | None:
    odd, is_broken = set(one.tags), through.ending in BREAKS
    is_unanswered = through.ending in accepted.BROKEN
    is_old = one.request.version == b"HTTP/1.0"
    rows = {
        accepted.CUT_HEAD: is_unanswered and one.response.ends_in_head(one.request.method),
        accepted.NO_HEAD: is_unanswered and accepted.HEADLESS & odd,
        accepted.BAD_TRAILERS: is_broken and "odd_trailers" in odd,
        accepted.BREAKS_THERE: is_broken and accepted.BAD_CHUNKS & odd,
        accepted.RESET_AS_CLOSE: (straight.ending, through.ending) == ("reset", "truncated"),
        accepted.AFTER_SWITCH: through.status == 101 and straight.ending == "reset",
        accepted.RESET_FOR_OLD: is_old
        and (straight.ending, through.ending) == ("truncated", "reset"),
    }
    return next((row for row, applies in rows.items() if applies), None)


def of_client(
    one: Exchange, client: str, straight: wire.Answer, through: wire.Answer
) -> str | None:
    odd, ends = set(one.tags), {straight.ending, through.ending}
    is_unread = straight.ending == "malformed"
    is_reset = one.response.ending == "reset" and through.ending == "truncated"
    # Without goodbye, too, Python takes the end of a TLS connection for that of the body.
    is_reset_as_end = client == "python" and one.response.ending == "reset"
    # Python does not miss the rest of trailers.
    is_cut = one.response.cut_at < 1.0 and bool(one.response.trailers)
    ends_in_trailers = client == "python" and is_cut and through.ending == "truncated"
    # Python knows no other transfer coding than chunked.
    is_unknown = client == "python" and "coding_without_chunked" in odd
    is_misread = bool(accepted.FRAMINGS & odd) and not is_body_as_meant(one, straight)
    is_told = straight.status == through.status
    rows = {
        accepted.MENDED_HEAD: is_head_mended(one, client, straight, through),
        accepted.UNREADABLE: is_unread and through.ending in BREAKS | {"malformed"},
        accepted.BREAK_AS_END: (client in accepted.BLUNT and is_reset) or ends_in_trailers,
        accepted.TLS_BREAK: "tls" in odd and (ends <= BREAKS or is_reset_as_end),
        accepted.UNKNOWN_FRAMING: is_told and (is_unknown or is_misread),
    }
    return next((row for row, applies in rows.items() if applies), None)


def is_body_as_meant(one: Exchange, answer: wire.Answer) -> bool:
    return answer.digest == wire.digest(one.response.carries(one.request.method))


def is_as_meant(one: Exchange, client: str, answer: wire.Answer) -> bool:
    """Whether a client got what the response says to the most lenient reader."""
    # fetch decodes where a coding is told.
    is_decoded = client == "fetch" and fields.values(answer.fields, "content-encoding")
    is_body = bool(is_decoded) or is_body_as_meant(one, answer)
    return is_body and is_head_as_meant(one, client, answer)


def is_head_mended(one: Exchange, client: str, straight: wire.Answer, through: wire.Answer) -> bool:
    """Whether it is the head alone that a client misread straight."""
    is_unread = straight.ending == "malformed" and not straight.status
    is_rest_same = (straight.ending, straight.digest) == (through.ending, through.digest)
    if is_unread:
        return through.status == one.response.status
    is_cut_short = client == "python" and UNREADABLE_IN_PYTHON & set(one.tags)
    return bool(is_rest_same or is_cut_short) and is_head_as_meant(one, client, through)


def is_head_as_meant(one: Exchange, client: str, answer: wire.Answer) -> bool:
    response = one.response
    if answer.status != response.status:
        return False
    # fetch decodes reasons.
    reason = (response.reason or b"").decode("latin-1")
    if client != "fetch" and answer.reason.strip() != reason.strip():
        return False
    start, *lines = response.head(one.request.method).replace(b"\r\n", b"\n").split(b"\n")
    head = wire.Head(start, [line for line in lines if line])
    meant = fields.passing(wire.text(head.fields()))
    if client == "fetch":
        meant = fields.joined(meant)
    return Counter(fields.lower(meant)) == Counter(fields.lower(fields.passing(answer.fields)))
