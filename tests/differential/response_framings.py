"""How the body of a response may be delimited oddly."""

import gzip

from bodies import chunk, sizes_of_chunks
from oddities import Registry
from response import NO_BODY, framed, says_close

ODDITIES = Registry()
odd = ODDITIES.add

# What stands where the next chunk should.
NO_CHUNKS = [
    b"zz\r\nxx\r\n0\r\n\r\n",
    b"3\r\nabcdef\r\n0\r\n\r\n",
    b"\r\n0\r\n\r\n",
    b"-1\r\n",
    b"ffffffffffffffffff\r\nabc",
    b"0x3\r\nabc\r\n0\r\n\r\n",
    b"3 a\r\nabc\r\n0\r\n\r\n",
]


@odd("framing")
def length_and_chunked(rng, response):
    length = rng.choice([len(response.body), len(response.body), 3, 0])
    lines = [b"Content-Length: %d" % length, b"Transfer-Encoding: chunked"]
    rng.shuffle(lines)
    framed(response, *lines, is_chunked=True)


@odd("framing")
def identity(rng, response):
    framed(response, b"Transfer-Encoding: identity", b"Content-Length: %d" % len(response.body))
    says_close(response)


@odd("framing")
def identity_alone(rng, response):
    framed(response, b"Transfer-Encoding: " + rng.choice([b"identity", b"Identity"]))
    says_close(response)


@odd("framing")
def gzip_and_chunked(rng, response):
    response.body = gzip.compress(response.body, 1, mtime=0)
    response.chunks = sizes_of_chunks(rng, len(response.body))
    framed(
        response,
        *rng.choice(
            [
                [b"Transfer-Encoding: gzip, chunked"],
                [b"Transfer-Encoding: gzip", b"Transfer-Encoding: chunked"],
            ]
        ),
        is_chunked=True
    )
    says_close(response)


@odd("framing", weight=0.6)
def coding_without_chunked(rng, response):
    framed(response, b"Transfer-Encoding: " + rng.choice([b"gzip", b"deflate", b"compress"]))
    response.body = gzip.compress(response.body, 1, mtime=0)
    response.ending = "close"


@odd("framing")
def chunked_written_oddly(rng, response):
    lines = rng.choice(
        [
            [b"Transfer-Encoding: Chunked"],
            [b"transfer-encoding: CHUNKED"],
            [b"Transfer-Encoding:chunked"],
            [b"TRANSFER-ENCODING:   chunked  "],
            [b"Transfer-Encoding: identity, chunked"],
            [b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"],
            [b"Transfer-Encoding: , chunked"],
        ]
    )
    framed(response, *lines, is_chunked=True)
    if b"," in lines[0] or len(lines) > 1:
        says_close(response)


@odd("framing")
def odd_chunks(rng, response):
    framed(response, b"Transfer-Encoding: chunked", is_chunked=True)
    response.chunk_style = rng.choice(["extensions", "padded", "zeros", "upper", "quoted"])


@odd("framing")
def trailers(rng, response):
    announced = rng.choice([[], [b"Trailer: X-Sum, x-other"]])
    framed(response, *announced, b"Transfer-Encoding: chunked", is_chunked=True)
    response.trailers = [b"X-Sum: 7", b"x-other:  caf\xe9 "]


@odd("framing")
def length_repeated(rng, response):
    size = len(response.body)
    framed(
        response,
        *rng.choice(
            [
                [b"Content-Length: %d" % size] * 2,
                [b"Content-Length: %d, %d" % (size, size)],
                [b"content-length: %d" % size, b"Content-Length: %d" % size],
            ]
        )
    )
    if b"," in response.framing_lines[0]:
        says_close(response)


@odd("framing")
def length_written_oddly(rng, response):
    framed(
        response,
        rng.choice(
            [
                b"Content-Length:%d",
                b"content-length:   %d  ",
                b"CONTENT-LENGTH: %d",
                b"Content-Length: 000%d",
                b"Content-Length : %d",
            ]
        )
        % len(response.body),
    )
    if b" :" in response.framing_lines[0]:
        says_close(response)


@odd("framing", weight=0.6)
def lengths_that_differ(rng, response):
    size = len(response.body)
    framed(response, b"Content-Length: %d" % size, b"Content-Length: %d" % (size + 1))
    response.ending = "close"


@odd("framing", weight=0.6)
def no_length(rng, response):
    framed(
        response,
        rng.choice(
            [
                b"Content-Length: x",
                b"Content-Length: -1",
                b"Content-Length: +%d" % len(response.body),
                b"Content-Length:",
                b"Content-Length: 99999999999999999999999",
            ]
        ),
    )
    response.ending = "close"


@odd("framing")
def length_too_long(rng, response):
    framed(response, b"Content-Length: %d" % (len(response.body) + rng.choice([1, 7, 100000])))
    response.ending = "close"


@odd("framing")
def bytes_after_the_body(rng, response):
    framed(response, b"Content-Length: %d" % len(response.body))
    response.excess, response.ending = rng.choice([b"x", b"\r\n", b"excess" * 100]), "close"


@odd("framing", weight=0.8)
def broken_chunks(rng, response):
    framed(response, b"Transfer-Encoding: chunked")
    says_close(response)
    response.meant = response.body[:3000]
    sizes = [len(response.meant)] if response.meant else []
    without_last = chunk(response.meant, sizes, "plain", [])[: -len(b"0\r\n\r\n")]
    response.body = without_last + rng.choice(NO_CHUNKS)


@odd("framing", weight=0.6)
def lines_of_chunks_end_in_lf(rng, response):
    framed(response, b"Transfer-Encoding: chunked", is_chunked=True)
    says_close(response)
    response.chunk_style = "lf"


@odd("framing", weight=0.6)
def odd_trailers(rng, response):
    framed(response, b"Transfer-Encoding: chunked", is_chunked=True)
    says_close(response)
    response.trailers = [
        rng.choice(
            [
                b"Content-Length: 3",
                b"X-Sum : 1",
                b"X Bad: 1",
                b"no colon",
                b"X-Long: " + b"v" * 9000,
                b"X-Control: a\x01b",
                b"Set-Cookie: a=1",
                b"X-Folded: a\r\n b",
            ]
        )
    ]


@odd("framing", weight=0.5)
def bytes_after_head(rng, response):
    """A body also for HEAD, which has none."""
    response.excess = b"unasked" if response.status in NO_BODY else b""
    response.framing = "length" if response.framing == "close" else response.framing
    response.sends_for_head, response.ending = True, "close"
