"""Methods, targets, bodies and how a client goes about sending them."""

from bodies import any_body, sizes_of_chunks
from oddities import Registry
from request import ALL_BUT_FETCH, EXACT, RAW, insert

ODDITIES = Registry()
odd = ODDITIES.add


@odd("method", ALL_BUT_FETCH)
def odd_method(rng, request):
    request.method = rng.choice(
        [b"PROPFIND", b"M-SEARCH", b"PURGE", b"MKCOL", b"REPORT", b"LINK", b"TRACE", b"QUERY"]
    )
    if request.method == b"TRACE":
        request.framing, request.body = "none", b""


@odd("method", EXACT)
def unknown_method(rng, request):
    request.method = rng.choice(
        [b"get", b"Post", b"X", b"FOO-BAR", b"A!#$%&'*+-.^_`|~9", b"LONGMETHODNAMELONGMETHODNAME"]
    )


@odd("method")
def head_method(rng, request):
    request.method, request.framing, request.body = b"HEAD", "none", b""


@odd("target", RAW)
def options_of_all(rng, request):
    request.method, request.target, request.framing, request.body = b"OPTIONS", b"*", "none", b""


@odd("target", RAW, weight=0.4)
def connect_method(rng, request):
    request.method, request.target = b"CONNECT", b"api.anthropic.com:443"
    request.framing, request.body = "none", b""


@odd("upgrade", EXACT)
def upgrade_to_websocket(rng, request):
    request.method, request.framing, request.body = b"GET", "none", b""
    insert(
        rng,
        request,
        (b"Upgrade", b"websocket"),
        (b"Connection", rng.choice([b"Upgrade", b"keep-alive, upgrade"])),
    )
    insert(
        rng,
        request,
        (b"Sec-WebSocket-Key", b"dGhlIHNhbXBsZSBub25jZQ=="),
        (b"Sec-WebSocket-Version", b"13"),
    )


@odd("target")
def escaped_target(rng, request):
    request.target += rng.choice(
        [
            b"/a%2Fb",
            b"/%zz%",
            b"/a%00b",
            b"/%E6%97%A5",
            b"/a;b=c",
            b"/a:b@c",
            b"/~x",
            b"/$&'()*+,;=",
        ]
    )


@odd("target", ALL_BUT_FETCH)
def slashes_and_dots(rng, request):
    tail = rng.choice([b"//x//", b"/../x/./y", b"/..", b"/.", b"//", b"/x/../../y?a=/../b"])
    request.target = rng.choice([b"", b"/"]) + request.target.partition(b"?")[0] + tail


@odd("target", EXACT)
def raw_characters(rng, request):
    tail = rng.choice(b"\"<>|{}^`\\[]'".decode())
    request.target = (
        request.target.partition(b"?")[0] + rng.choice([b"/", b"?q="]) + b"a" + tail.encode() + b"b"
    )


@odd("target", EXACT)
def raw_utf8(rng, request):
    request.target = (
        request.target.partition(b"?")[0] + rng.choice([b"/", b"?q="]) + "日本é".encode()
    )


@odd("target", EXACT)
def raw_latin1(rng, request):
    request.target = request.target.partition(b"?")[0] + rng.choice([b"/", b"?q="]) + b"caf\xe9"


@odd("target", RAW)
def control_in_target(rng, request):
    request.target += rng.choice([b"/a\x7fb", b"/a\x01b", b"?q=a\tb", b"?q=\x1b[0m"])


@odd("target", RAW)
def fragment(rng, request):
    request.target += rng.choice([b"#part", b"#", b"#a?b#c"])


@odd("target")
def long_target(rng, request):
    size = rng.choice([5000, 15000, 40000, 60000])
    request.target += (b"&" if b"?" in request.target else b"?") + b"q=" + b"a" * size


@odd("target", RAW, weight=0.5)
def very_long_target(rng, request):
    request.target += b"/" + b"a" * rng.choice([66000, 100000, 300000])


@odd("target", RAW)
def absolute_target(rng, request):
    request.target = b"http://{host}" + request.target


@odd("framing", ALL_BUT_FETCH)
def empty_body_with_length(rng, request):
    request.method, request.framing, request.body = b"POST", "length", b""


@odd("framing", ALL_BUT_FETCH)
def body_on_get(rng, request):
    request.method, request.framing, request.body = (
        rng.choice([b"GET", b"DELETE", b"OPTIONS"]),
        "length",
        b'{"a":1}',
    )


@odd("framing", ALL_BUT_FETCH)
def empty_chunked(rng, request):
    request.method, request.framing, request.body, request.chunks = b"POST", "chunked", b"", []


@odd("framing", RAW)
def odd_chunks(rng, request):
    request.method, request.framing, request.body = b"POST", "chunked", any_body(rng)
    request.chunk_style = rng.choice(["extensions", "padded", "zeros", "upper", "quoted"])
    request.chunks = sizes_of_chunks(rng, len(request.body))


@odd("framing", RAW)
def request_trailers(rng, request):
    odd_chunks(rng, request)
    request.trailers = [b"X-Sum: 7", b"X-Sum-Two:  8 "]
    if rng.random() < 0.5:
        insert(rng, request, (b"Trailer", b"X-Sum, X-Sum-Two"))


@odd("framing", RAW)
def length_and_chunked(rng, request):
    request.method, request.framing = b"POST", "length and chunked"


@odd("framing", RAW)
def length_repeated(rng, request):
    request.method, request.framing = b"POST", "length twice"


@odd("framing", RAW)
def length_as_list(rng, request):
    request.method, request.framing = b"POST", "length list"


@odd("framing", RAW)
def odd_transfer_coding(rng, request):
    request.method = b"POST"
    request.framing = rng.choice(["gzip, chunked", "Chunked", "identity"])
    request.chunks = sizes_of_chunks(rng, len(request.body))


@odd("expect", RAW)
def expect_and_wait(rng, request):
    request.method, request.version, request.expects = b"POST", b"HTTP/1.1", "waits"
    request.framing = request.framing if request.framing in ("length", "chunked") else "length"
    request.body = request.body or b"{}"
    insert(
        rng,
        request,
        (rng.choice([b"Expect", b"expect"]), rng.choice([b"100-continue", b"100-Continue"])),
    )


@odd("expect", ALL_BUT_FETCH)
def expect_and_send(rng, request):
    request.method, request.expects = b"POST", "sends"
    request.framing = request.framing if request.framing in ("length", "chunked") else "length"
    request.body = request.body or b"{}"
    insert(rng, request, (b"Expect", b"100-continue"))


@odd("leave", RAW, weight=1.5)
def leaves_early(rng, request):
    request.leaves = rng.choice(["close", "reset"])


@odd("expect", RAW, weight=0.4)
def expect_something_else(rng, request):
    insert(rng, request, (b"Expect", b"200-ok"))
