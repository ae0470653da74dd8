"""Statuses, and what comes before the response."""

from oddities import Registry
from response import framed, insert, says_close

ODDITIES = Registry()
odd = ODDITIES.add

STATUSES = "202 203 206 207 226 299 300 399 402 418 422 451 499 503 507 520 599 600 799 999".split()


@odd("status")
def odd_status(rng, response):
    response.status = int(rng.choice(STATUSES))


@odd("status")
def redirect(rng, response):
    response.status, response.reason = rng.choice(
        [(301, b"Moved"), (302, b"Found"), (307, b"Temporary Redirect"), (308, b"Permanent")]
    )
    insert(rng, response, b"Location: https://x.test/next?a=b")


@odd("status")
def no_content(rng, response):
    response.status, response.reason, response.body = 204, b"No Content", b""
    framed(response, *rng.choice([[], [b"Content-Length: 0"]]))


@odd("status")
def reset_content(rng, response):
    response.status, response.reason, response.body, response.chunks = (
        205,
        b"Reset Content",
        b"",
        [],
    )
    framed(response, b"Content-Length: 0")


@odd("status")
def not_modified(rng, response):
    response.status, response.reason = 304, b"Not Modified"
    insert(rng, response, b'ETag: "x"')
    framed(
        response,
        *rng.choice(
            [[], [b"Content-Length: 999"], [b"Content-Length: 0"], [b"Transfer-Encoding: chunked"]]
        )
    )
    if response.framing_lines[:1] == [b"Transfer-Encoding: chunked"]:
        says_close(response)


@odd("status", ("raw", "curl", "node"), weight=0.6)
def unasked_switch(rng, response):
    response.status, response.reason = 101, b"Switching Protocols"
    insert(rng, response, b"Upgrade: websocket", b"Connection: Upgrade")
    response.body = response.body[:70000]
    framed(response)
    response.ending = "close"


@odd("status", weight=0.6)
def authentication(rng, response):
    response.status, response.reason = rng.choice(
        [(401, b"Unauthorized"), (407, b"Proxy Authentication Required")]
    )
    insert(
        rng,
        response,
        b'WWW-Authenticate: Bearer realm="x"',
        b'Proxy-Authenticate: Basic realm="p"',
        b"Proxy-Authentication-Info: x",
    )


@odd("informational", ("raw", "curl", "node", "fetch"))
def informational(rng, response):
    heads = [
        b"HTTP/1.1 102 Processing\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\nX-Hint: 1\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nlink: </y>\r\nlink: </z>\r\n\r\n",
        b"HTTP/1.1 199 Own\r\n\r\n",
    ]
    response.informational = [rng.choice(heads) for _ in range(rng.choice([1, 2, 5]))]


@odd("informational")
def unasked_continue(rng, response):
    response.informational = [b"HTTP/1.1 100 Continue\r\n\r\n"] * rng.choice([1, 2])


@odd("informational", weight=0.6)
def blank_lines_before(rng, response):
    response.informational = [b"\r\n" * rng.choice([1, 3])]
