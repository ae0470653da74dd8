"""A request as it is sent, and an ordinary one."""

from dataclasses import dataclass, field
from random import Random

from bodies import any_body, any_field, cut_into, sizes_of_chunks

# Clients that can send it.
RAW = ("raw",)
EXACT = ("raw", "curl")
ORDERED = ("raw", "python", "node")
ALL_BUT_FETCH = ("raw", "python", "node", "curl")


@dataclass
class Request:
    """`{host}` in a line or the target stands for where the request is sent."""

    case: str
    method: bytes = b"GET"
    target: bytes = b"/"
    version: bytes = b"HTTP/1.1"
    fields: list[tuple[bytes, bytes]] = field(default_factory=list)
    # Lines that no client but the raw one sends, as they go out.
    lines: list[bytes] = field(default_factory=list)
    eol: bytes = b"\r\n"
    body: bytes = b""
    framing: str = "none"
    chunks: list[int] = field(default_factory=list)
    chunk_style: str = "plain"
    trailers: list[bytes] = field(default_factory=list)
    # What the client does about `Expect`: nothing, waits for a word, or sends at once.
    expects: str = ""
    pieces: list[float] = field(default_factory=list)
    # How the client leaves before the last byte: not at all, by `close` or `reset`.
    leaves: str = ""

    def has_body(self) -> bool:
        return self.framing != "none"


def ordinary(rng: Random, case: str, client: str) -> Request:
    request = Request(case)
    path = rng.choice(
        ["/v1/messages", "/v1/responses", "/v1/files", "/api/hello", "/v1/models", "/x"]
    )
    request.target = b"/d/" + case.encode() + path.encode()
    if rng.random() < 0.5:
        request.target += rng.choice(
            [b"?beta=true", b"?limit=1000&after=a%2Fb", b"?q=a+b%20c", b"?"]
        )
    if rng.random() < 0.6:
        request.method = rng.choice([b"POST", b"POST", b"POST", b"PUT", b"PATCH", b"DELETE"])
        request.body = any_body(rng)
        request.framing = rng.choice(["length", "length", "chunked"])
        request.fields.append((b"Content-Type", b"application/json"))
    elif rng.random() < 0.2:
        request.method = rng.choice([b"HEAD", b"OPTIONS", b"DELETE"])
    for _ in range(rng.choice([0, 1, 3, 8])):
        request.fields.append(any_field(rng))
    request.chunks = sizes_of_chunks(rng, len(request.body))
    request.pieces = cut_into(rng)
    return request


def insert(rng: Random, request: Request, *fields: tuple[bytes, bytes]) -> None:
    for one in fields:
        request.fields.insert(rng.randrange(len(request.fields) + 1), one)
