"""Bodies, header fields and the ways to cut them."""

import gzip
import json
import zlib
from random import Random

SIZES = [
    (0, 0, 8),
    (1, 1, 4),
    (2, 300, 40),
    (1000, 20000, 25),
    (65530, 65545, 8),
    (100_000, 500_000, 8),
    (1_000_000, 5_000_000, 1.5),
]
TCHARS = b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
ORDINARY = [
    (b"X-Request-Id", b"req_0123456789"),
    (b"anthropic-version", b"2023-06-01"),
    (b"anthropic-beta", b"a-2025, b-2026"),
    (b"X-Stainless-Lang", b"js"),
    (b"cache-control", b"no-cache"),
    (b"Vary", b"Origin"),
    (b"Via", b"1.1 edge"),
    (b"X-App", b"cli"),
    (b"Date", b"Mon, 30 Nov 2026 10:00:00 GMT"),
    (b"CF-RAY", b"8f0a1b2c3d4e5f60-FRA"),
    (b"ETag", b'"abc"'),
    (b"x-should-retry", b"false"),
    (b"Accept-Language", b"*"),
    (b"X-Url", b"https://x.test/a?b=c"),
]


def any_size(rng: Random) -> int:
    low, high, _ = rng.choices(SIZES, [weight for *_, weight in SIZES])[0]
    return rng.randint(low, high)


def any_body(rng: Random) -> bytes:
    size = any_size(rng)
    if rng.random() < 0.4:
        return rng.randbytes(size)
    text = json.dumps({"n": rng.random(), "text": "words and wörds\n" * 8}).encode()
    return (text * (size // len(text) + 1))[:size]


def events(rng: Random) -> bytes:
    """A stream of server-sent events, with comments, pings and line ends of all sorts."""
    out = []
    for number in range(rng.choice([1, 5, 60])):
        end = rng.choice([b"\n", b"\r\n"])
        out.append(
            rng.choice(
                [
                    b"event: ping" + end + b"data: {}" + end * 2,
                    b": comment" + end * 2,
                    b"data: "
                    + json.dumps({"n": number, "t": "x" * rng.randrange(200)}).encode()
                    + end * 2,
                ]
            )
        )
    return b"".join(out)


def encoded(rng: Random, body: bytes) -> tuple[bytes, bytes]:
    """A content coding and the body in it."""
    return rng.choice(
        [
            (b"gzip", gzip.compress(body, 1, mtime=0)),
            (b"deflate", zlib.compress(body, 1)),
            (b"x-gzip", gzip.compress(body, 1, mtime=0)),
        ]
    )


def token(rng: Random) -> bytes:
    return bytes(rng.choice(TCHARS) for _ in range(rng.randint(1, 24)))


def recase(rng: Random, name: bytes) -> bytes:
    return bytes(rng.choice([name.lower(), name.upper()])[at] for at in range(len(name)))


def any_field(rng: Random) -> tuple[bytes, bytes]:
    if rng.random() < 0.6:
        return rng.choice(ORDINARY)
    value = bytes(rng.randrange(0x21, 0x7F) for _ in range(rng.randrange(60)))
    return b"X-R-%d" % rng.randrange(1000), value


def sizes_of_chunks(rng: Random, total: int) -> list[int]:
    """Sums up to `total`."""
    if total == 0:
        return []
    most = (
        rng.choice([1, 7, 100, 4096, 65536, total])
        if total < 3000
        else rng.choice([4096, 65536, total])
    )
    sizes = []
    while total:
        sizes.append(min(total, rng.randint(1, most)))
        total -= sizes[-1]
    return sizes


def cut_into(rng: Random) -> list[float]:
    """Where what is sent is cut into writes, as shares of it."""
    return sorted(rng.random() for _ in range(rng.choice([0, 0, 1, 3, 10])))


def cut(data: bytes, shares: list[float]) -> list[bytes]:
    edges = [0, *(int(share * len(data)) for share in shares), len(data)]
    return [data[a:b] for a, b in zip(edges, edges[1:]) if a < b]


def chunk(data: bytes, sizes: list[int], style: str, trailers: list[bytes]) -> bytes:
    out, at = [], 0
    end = b"\n" if style == "lf" else b"\r\n"
    for number, size in enumerate([*sizes, 0]):
        head = b"%x" % size
        if style == "upper":
            head = head.upper()
        elif style == "zeros":
            head = b"0000" + head
        elif style == "padded":
            head += b"  "
        elif style == "extensions":
            head += b";x=%d;y" % number
        elif style == "quoted":
            head += b';sig="a;b\\"c"'
        out.append(head + end)
        if size:
            out.append(data[at : at + size] + end)
        at += size
    return b"".join([*out, *(line + end for line in trailers), end])
