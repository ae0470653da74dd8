"""What may be odd about the head of a request."""

from bodies import recase, token
from oddities import Registry
from request import ALL_BUT_FETCH, ORDERED, RAW, insert

ODDITIES = Registry()
odd = ODDITIES.add


@odd("version", ("raw", "python", "curl"))
def http_1_0(rng, request):
    request.version = b"HTTP/1.0"
    if request.framing == "chunked":
        request.framing = "length"


@odd("version", RAW)
def http_1_0_kept(rng, request):
    http_1_0(rng, request)
    insert(rng, request, (b"Connection", b"keep-alive"))


@odd("head")
def repeated_fields(rng, request):
    insert(
        rng,
        request,
        *[
            (rng.choice([b"X-Rep", b"x-rep", b"anthropic-beta", b"Anthropic-Beta"]), b"v%d" % n)
            for n in range(4)
        ]
    )


@odd("head", ORDERED)
def mixed_case(rng, request):
    request.fields = [(recase(rng, name), value) for name, value in request.fields]


@odd("head", ALL_BUT_FETCH)
def empty_values(rng, request):
    insert(rng, request, (b"X-Empty", b""), (b"x-empty-2", b""))


@odd("head")
def latin1_values(rng, request):
    insert(rng, request, (b"X-Latin", b"caf\xe9 \xa3 \xff"))


@odd("head", ("raw", "curl", "python"))
def tabs_in_values(rng, request):
    insert(rng, request, (b"X-Tab", b"a\tb\t\tc"))


@odd("head")
def long_values(rng, request):
    insert(rng, request, (b"X-Long", b"v" * rng.choice([4000, 9000, 12000])))


@odd("head", RAW)
def very_long_values(rng, request):
    insert(rng, request, (b"X-Long", b"v" * rng.choice([40000, 200000, 500000])))


@odd("head", ORDERED)
def many_fields(rng, request):
    insert(rng, request, *[(b"X-Many-%d" % n, b"v") for n in range(rng.choice([60, 110, 400]))])


@odd("head", ORDERED)
def odd_names(rng, request):
    insert(rng, request, (b"X-" + token(rng), b"1"), (b"!#$%&'*+-.^_`|~", b"2"), (b"0", b"3"))


@odd("head", ALL_BUT_FETCH)
def connection_names_fields(rng, request):
    names = rng.choice(
        [b"X-Hop", b"x-hop , X-Other", b"keep-alive, x-hop", b"X-Not-There", b"content-type"]
    )
    insert(rng, request, (b"Connection", names), (b"X-Hop", b"1"), (b"X-Other", b"2"))


@odd("head", ("raw", "curl", "python"))
def connection_names_host(rng, request):
    insert(rng, request, (b"Connection", rng.choice([b"host", b"Host, keep-alive"])))


@odd("head", ALL_BUT_FETCH)
def connection_close(rng, request):
    insert(rng, request, (b"Connection", rng.choice([b"close", b"Close"])))


@odd("head", ALL_BUT_FETCH)
def proxy_fields(rng, request):
    insert(
        rng,
        request,
        (b"Proxy-Authorization", b"Bearer x-fake-token"),
        (b"Proxy-Connection", b"keep-alive"),
    )


@odd("head", ("raw", "python", "curl"))
def te_fields(rng, request):
    insert(
        rng,
        request,
        (b"TE", rng.choice([b"trailers", b"trailers, deflate;q=0.5", b"gzip"])),
        (b"Connection", b"TE"),
    )


@odd("upgrade", ("raw", "python", "curl"))
def upgrade_h2c(rng, request):
    insert(rng, request, (b"Upgrade", b"h2c"), (b"HTTP2-Settings", b"AAMAAABkAARAAAAAAAIAAAAA"))
    insert(rng, request, (b"Connection", b"Upgrade, HTTP2-Settings"))


@odd("upgrade", ("raw", "python", "curl"))
def upgrade_unasked(rng, request):
    insert(rng, request, (b"Upgrade", rng.choice([b"h2c", b"websocket", b"TLS/1.0"])))


@odd("head", RAW)
def folded_lines(rng, request):
    request.lines.append(rng.choice([b"X-Folded: a\r\n  b\r\n\tc", b"X-Folded:\r\n a"]))


@odd("head", RAW)
def space_before_colon(rng, request):
    request.lines.append(rng.choice([b"X-Space : a", b"X-Space\t: a"]))


@odd("head", RAW)
def bad_names(rng, request):
    request.lines.append(
        rng.choice(
            [b"X Bad: 1", b"X(Bad): 1", b": none", b"no colon here", b"X-\xe9: 1", b"X@Y: 1"]
        )
    )


@odd("head", RAW)
def control_characters(rng, request):
    request.lines.append(
        b"X-Control: a"
        + rng.choice([b"\x00", b"\x01", b"\x07", b"\x7f", b"\x1b[0m", b"\r", b"\x0b"])
        + b"b"
    )


@odd("head", RAW)
def spaces_around_values(rng, request):
    request.lines += [b"X-Tight:a", b"X-Wide:   \t a b \t ", b"X-Blank:    "]


@odd("eol", RAW, weight=0.6)
def bare_lf(rng, request):
    request.eol = b"\n"


@odd("eol", RAW, weight=0.4)
def blank_line_before(rng, request):
    request.lines.append(b"{before}")
