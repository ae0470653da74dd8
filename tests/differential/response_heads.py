"""What may be odd about the head of a response."""

from bodies import recase, token
from oddities import Registry
from response import insert

ODDITIES = Registry()
odd = ODDITIES.add

VERSIONS = [b"HTTP/1.2", b"HTTP/2.0", b"HTTP/2", b"http/1.1", b"ICY", b"HTTP/01.1", b"HTTP/1.1\t"]


@odd("version")
def http_1_0(rng, response):
    response.version, response.ending = b"HTTP/1.0", (
        "close" if response.ending == "keep" else response.ending
    )
    if response.framing == "chunked" and rng.random() < 0.5:
        response.framing = "close"


@odd("version")
def http_1_0_kept(rng, response):
    response.version = b"HTTP/1.0"
    if response.framing == "close":
        response.framing, response.ending = "length", "keep"
    insert(rng, response, b"Connection: keep-alive")


@odd("version", weight=0.4)
def odd_version(rng, response):
    response.version, response.ending = rng.choice(VERSIONS), "close"


@odd("version", weight=0.6)
def spaces_in_status_line(rng, response):
    response.version += rng.choice([b" ", b"  "])
    response.ending = "close" if response.ending == "keep" else response.ending


@odd("reason")
def odd_reason(rng, response):
    response.reason = rng.choice(
        [
            b"",
            b"Quite All Right",
            b"  two  spaces ",
            b"R" * 2000,
            b"caf\xe9",
            "été 日".encode(),
            b"a\tb",
            b"OK!?%$",
        ]
    )


@odd("reason")
def no_reason(rng, response):
    response.reason = None


@odd("head")
def folded_lines(rng, response):
    insert(
        rng,
        response,
        rng.choice(
            [
                b"X-Folded: a\r\n  b",
                b"X-Folded: a\r\n\tb\r\n c",
                b"X-Folded:\r\n a",
                b"X-Folded: a\r\n \r\n b",
            ]
        ),
    )


@odd("head")
def space_before_colon(rng, response):
    insert(rng, response, rng.choice([b"X-Space : a", b"X-Space\t: a", b"X-Space  :a"]))


@odd("head")
def bad_names(rng, response):
    insert(
        rng,
        response,
        rng.choice(
            [
                b"X Bad: 1",
                b"X(Bad): 1",
                b": none",
                b"no colon here",
                b"X-\xe9: 1",
                b"X@Y: 1",
                b"{json}: 1",
                b"X/Y: 2",
                b"HTTP/1.1 200 OK",
            ]
        ),
    )


@odd("head")
def control_characters(rng, response):
    insert(
        rng,
        response,
        b"X-Control: a"
        + rng.choice([b"\x01", b"\x07", b"\x7f", b"\x1b[0m", b"\x0b", b"\x0c", b"\x1f"])
        + b"b",
    )


@odd("head", weight=0.6)
def nul_or_cr(rng, response):
    insert(rng, response, b"X-Control: a" + rng.choice([b"\x00", b"\r"]) + b"b")


@odd("head")
def repeated_fields(rng, response):
    names = rng.choice(
        [[b"Set-Cookie"], [b"X-Rep", b"x-rep", b"X-REP"], [b"Vary"], [b"set-cookie", b"Set-Cookie"]]
    )
    insert(rng, response, *[rng.choice(names) + b": v%d=1" % n for n in range(rng.choice([2, 4]))])


@odd("head")
def mixed_case(rng, response):
    response.lines = [
        recase(rng, line.partition(b":")[0]) + b":" + line.partition(b":")[2]
        for line in response.lines
        if b":" in line
    ]


@odd("head")
def odd_values(rng, response):
    insert(
        rng,
        response,
        b"X-Latin: caf\xe9 \xa3 \xff",
        b"X-Tab: a\tb",
        b"X-Empty:",
        b"X-Blank:    ",
        b"X-Tight:a",
        b"X-Wide:  \t a b \t ",
        b"X-Colon: a:b: c",
        b"X-Utf: \xe6\x97\xa5",
    )


@odd("head")
def odd_names(rng, response):
    insert(rng, response, b"X-" + token(rng) + b": 1", b"!#$%&'*+-.^_`|~: 2", b"0: 3")


@odd("head")
def many_fields(rng, response):
    insert(rng, response, *[b"X-Many-%d: v" % n for n in range(rng.choice([60, 95, 110, 500]))])


@odd("head")
def large_fields(rng, response):
    insert(rng, response, b"X-Large: " + b"v" * rng.choice([5000, 14000, 60000, 150000]))


@odd("head")
def connection_tokens(rng, response):
    insert(
        rng,
        response,
        rng.choice(
            [
                b"Connection: X-Hop",
                b"connection: keep-alive, x-hop",
                b"Connection: X-Hop, content-type",
            ]
        ),
        b"X-Hop: 1",
    )


@odd("head")
def connection_close(rng, response):
    insert(rng, response, rng.choice([b"Connection: close", b"connection: Close"]))
    response.ending = "close" if response.ending == "keep" else response.ending


@odd("head")
def keep_alive_hint(rng, response):
    insert(
        rng,
        response,
        rng.choice(
            [
                b"Keep-Alive: timeout=5",
                b"Keep-Alive: timeout=30, max=100",
                b"keep-alive: timeout=75",
            ]
        ),
    )
    if rng.random() < 0.5:
        insert(rng, response, b"Connection: keep-alive")


@odd("head", ("fetch",), weight=0.5)
def short_keep_alive(rng, response):
    """Of the clients only fetch gives a connection up before the server does."""
    insert(rng, response, b"Connection: keep-alive", b"Keep-Alive: timeout=1")
    response.idles_out = 1.0


@odd("head")
def offers_an_upgrade(rng, response):
    insert(rng, response, b"Upgrade: h2,h2c")
    if rng.random() < 0.6:
        insert(rng, response, b"Connection: Upgrade")


@odd("eol", weight=0.8)
def bare_lf(rng, response):
    response.eol = b"\n"
