"""A response as it is sent, and an ordinary one."""

from dataclasses import dataclass, field
from random import Random

from bodies import any_body, any_field, chunk, cut, cut_into, events, sizes_of_chunks

NO_BODY = (204, 304)


@dataclass
class Response:
    version: bytes = b"HTTP/1.1"
    status: int = 200
    # None: not even the space before it.
    reason: bytes | None = b"OK"
    lines: list[bytes] = field(default_factory=list)
    eol: bytes = b"\r\n"
    # length, chunked, close; for all others, `framing_lines` and `is_chunked` say it.
    framing: str = "length"
    framing_lines: list[bytes] = field(default_factory=list)
    is_chunked: bool = False
    body: bytes = b""
    # What of it is a body, where that is not all.
    meant: bytes | None = None
    chunks: list[int] = field(default_factory=list)
    chunk_style: str = "plain"
    trailers: list[bytes] = field(default_factory=list)
    informational: list[bytes] = field(default_factory=list)
    # Bytes after the message.
    excess: bytes = b""
    # keep, close, reset, stall (and then close), ragged (a close without close_notify),
    # held (all but the last byte, until the client leaves).
    ending: str = "keep"
    # The share of the message after which the ending comes.
    cut_at: float = 1.0
    # Whether it is sent after the request's head or its body.
    when: str = "body"
    pieces: list[float] = field(default_factory=list)
    where: float = 0.0
    # Whether a body follows the head of an answer to HEAD.
    sends_for_head: bool = False
    # Seconds after which the server, as it said, does not take another request.
    idles_out: float | None = None

    def head(self, method: bytes) -> bytes:
        lines = list(self.lines)
        framing = list(self.framing_lines)
        if self.framing == "length" and not (self.status in NO_BODY and not self.framing_lines):
            framing = [b"Content-Length: %d" % len(self.body)]
        elif self.framing == "chunked":
            framing = [b"Transfer-Encoding: chunked"]
        at = int(self.where * (len(lines) + 1))
        lines[at:at] = framing
        start = self.version + b" %d" % self.status
        if self.reason is not None:
            start += b" " + self.reason
        return b"".join(line + self.eol for line in [start, *lines, b""])

    def payload(self, method: bytes) -> bytes:
        if (method == b"HEAD" and not self.sends_for_head) or self.status in NO_BODY:
            return b""
        if self.framing == "chunked" or self.is_chunked:
            return chunk(self.body, self.chunks, self.chunk_style, self.trailers)
        return self.body

    def play(self, method: bytes) -> tuple[list[bytes], str]:
        """What is sent, in pieces, and how the connection ends after it."""
        whole = b"".join(
            [*self.informational, self.head(method), self.payload(method), self.excess]
        )
        if self.ending == "held":
            whole = whole[:-1]
        elif self.cut_at < 1.0:
            whole = whole[: int(self.cut_at * len(whole))]
        return cut(whole, self.pieces), self.ending

    def ends_in_head(self, method: bytes) -> bool:
        """Whether the head itself is cut short."""
        before = sum(map(len, self.informational)) + len(self.head(method))
        whole = before + len(self.payload(method)) + len(self.excess)
        return self.cut_at < 1.0 and int(self.cut_at * whole) < before

    def carries(self, method: bytes) -> bytes:
        """The body that a lenient client has at the end."""
        if method == b"HEAD" or self.status in NO_BODY:
            return b""
        return self.body if self.meant is None else self.meant

    def closes(self) -> bool:
        return self.ending != "keep"


def ordinary(rng: Random) -> Response:
    response = Response()
    kind = rng.random()
    if kind < 0.25:
        response.body = events(rng)
        response.framing = "chunked"
        response.lines.append(b"Content-Type: text/event-stream; charset=utf-8")
    else:
        response.body = any_body(rng)
        response.framing = rng.choice(["length", "length", "chunked", "close"])
        response.lines.append(
            b"content-type: "
            + rng.choice([b"application/json", b"text/plain", b"application/octet-stream"])
        )
    if kind > 0.8:
        response.status, response.reason = rng.choice(
            [
                (201, b"Created"),
                (400, b"Bad Request"),
                (404, b"Not Found"),
                (429, b"Too Many Requests"),
                (500, b"Internal Server Error"),
                (529, b"Overloaded"),
            ]
        )
    response.lines += [b": ".join(any_field(rng)) for _ in range(rng.choice([0, 2, 6, 15]))]
    response.chunks = sizes_of_chunks(rng, len(response.body))
    response.pieces, response.where = cut_into(rng), rng.random()
    if response.framing == "close":
        response.ending = "close"
    return response


def insert(rng: Random, response: Response, *lines: bytes) -> None:
    for line in lines:
        response.lines.insert(rng.randrange(len(response.lines) + 1), line)


def framed(response: Response, *lines: bytes, is_chunked: bool = False) -> None:
    response.framing, response.framing_lines, response.is_chunked = "other", list(lines), is_chunked
    response.ending = "keep" if response.ending == "close" else response.ending


def says_close(response: Response) -> None:
    """For clients that do not understand the framing, and so read to the end."""
    response.framing_lines.append(b"Connection: close")
    response.ending = "close"
