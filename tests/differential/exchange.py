"""One exchange: what the client sends and the upstream answers."""

from dataclasses import dataclass, field

from request import Request
from response import NO_BODY, Response

# Oddities at which the parser of Python stops, and so may not see the length.
UNREADABLE_IN_PYTHON = {"space_before_colon", "bad_names", "nul_or_cr", "length_written_oddly"}


@dataclass(frozen=True)
class Plan:
    """What is odd about one exchange."""

    seed: str
    case: str
    request: tuple[str, ...]
    response: tuple[str, ...]
    # Bodies and ordinary fields are left out: for the smallest case that shows a difference.
    bare: bool = False


@dataclass
class Exchange:
    plan: Plan
    request: Request
    response: Response
    # What a server says before it reads the body of a request that expects it.
    says_continue: bool = False
    tags: list[str] = field(default_factory=list)

    def ends_connection(self) -> bool:
        """A client that used the connection again would race with its end."""
        fields = self.request.fields
        says = [value.lower() for name, value in fields if name.lower() == b"connection"]
        is_old = self.request.version == b"HTTP/1.0" and b"keep-alive" not in says
        # Of two framings, a server takes one and closes.
        has_two_framings = "length_and_chunked" in self.plan.request
        return self.response.closes() or b"close" in says or is_old or has_two_framings


def connections(exchanges: list[Exchange]) -> list[list[Exchange]]:
    """Those that a client may send one after the other on one connection."""
    groups: list[list[Exchange]] = [[]]
    for one in exchanges:
        groups[-1].append(one)
        if one.ends_connection():
            groups.append([])
    return [group for group in groups if group]


def settle(exchange: Exchange, client: str, is_pipelined: bool) -> None:
    """Takes back what would make an exchange depend on chance also without a proxy."""
    request, response = exchange.request, exchange.response
    if is_pipelined:
        # One of 1.0 cannot be answered in chunks, and so may end the connection.
        request.version = b"HTTP/1.1"
        # Requests behind one that ends the connection may or may not have been sent.
        response.when, request.expects, request.leaves = "body", "", ""
    if request.expects == "waits":
        # HTTP/1.0 knows no such waiting.
        request.version = b"HTTP/1.1"
    if request.target == b"*":
        request.method = b"OPTIONS"
    if request.leaves:
        hold_back(request, response)
    if response.status == 205:
        response.body, response.chunks = b"", []
    if response.status == 101:
        # Bytes of another protocol, up to the end.
        response.framing, response.framing_lines, response.is_chunked = "other", [], False
    says_kept = any(line.lower() == b"connection: keep-alive" for line in response.lines)
    is_ended = response.status == 101 or (response.version == b"HTTP/1.0" and not says_kept)
    if response.ending == "keep" and is_ended:
        response.ending = "close"
    is_unreadable = client == "python" and UNREADABLE_IN_PYTHON & set(exchange.plan.response)
    has_chunks_without_body = response.status in NO_BODY and response.is_chunked
    if response.ending == "keep" and (is_unreadable or has_chunks_without_body):
        # Such a client reads to the end.
        say_that_it_closes(response)
    settle_when(exchange)


def settle_when(exchange: Exchange) -> None:
    request, response = exchange.request, exchange.response
    if request.expects:
        if request.expects == "sends" and response.ending == "reset":
            # The reset would meet the body.
            response.when = "body"
        # Refused by the head alone, or let in.
        exchange.says_continue = response.when == "body"
        if not exchange.says_continue:
            # Told to go on and refused at once, a client may or may not send the body.
            response.informational = []
    elif request.has_body() and response.ending in ("keep", "reset"):
        # A body that is still on its way would meet a new response, or the reset.
        response.when = "body"
    if response.when == "head" and response.ending == "keep":
        say_that_it_closes(response)


def say_that_it_closes(response: Response) -> None:
    response.lines.append(b"Connection: close")
    response.ending = "close"


def hold_back(request: Request, response: Response) -> None:
    """The client leaves while the last byte is still to come."""
    response.version, response.status, response.reason = b"HTTP/1.1", 200, b"OK"
    response.framing, response.framing_lines, response.is_chunked = "length", [], False
    response.lines = [line for line in response.lines if b"length" not in line.lower()]
    response.body, response.excess = response.body or b"{}", b""
    response.when, response.ending = "body", "held"
    request.expects = ""
    if request.method in (b"HEAD", b"CONNECT"):
        request.method = b"POST"
