"""The lenient client: it sends exactly what the plan says, and keeps what it gets as it came."""

import contextlib
import socket
import threading
import time

import bodies
import wire
from exchange import Exchange
from request import Request
from session import SessionPlan
from where import PATIENCE, Where


def head_of(request: Request, host: bytes) -> bytes:
    lines = [b" ".join([request.method, request.target.replace(b"{host}", host), request.version])]
    lines += [name + b": " + value.replace(b"{host}", host) for name, value in request.fields]
    lines += [line for line in request.lines if line != b"{before}"]
    lines += framing_of(request)
    before = b"\r\n" if b"{before}" in request.lines else b""
    return before + b"".join(line + request.eol for line in [*lines, b""])


def framing_of(request: Request) -> list[bytes]:
    length = b"Content-Length: %d" % len(request.body)
    named = {
        "none": [],
        "length": [length],
        "length twice": [length, length],
        "length list": [length + b", %d" % len(request.body)],
        "length and chunked": [length, b"Transfer-Encoding: chunked"],
        "identity": [b"Transfer-Encoding: identity", length],
    }
    coding = b"Transfer-Encoding: " + request.framing.encode()
    return named.get(request.framing, [coding])


def payload_of(request: Request) -> bytes:
    if request.framing.lower().endswith("chunked"):
        return bodies.chunk(request.body, request.chunks, request.chunk_style, request.trailers)
    return request.body if request.has_body() else b""


class Sender(threading.Thread):
    """Sends while the answer is read."""

    def __init__(self, sock: socket.socket, pieces: list[bytes]):
        super().__init__(daemon=True)
        self.sock, self.pieces = sock, pieces
        self.start()

    def run(self) -> None:
        with contextlib.suppress(OSError):
            for number, piece in enumerate(self.pieces):
                if number:
                    time.sleep(0.0005)
                self.sock.sendall(piece)


def run(session: SessionPlan, exchanges: list[Exchange], where: Where) -> list[wire.Answer]:
    answers, stream = [], None
    host = where.authority.encode()
    if session.pipelined:
        return pipelined(exchanges, where, host)
    for exchange in exchanges:
        if stream is None:
            stream = wire.Stream(where.connect())
        answer, goes_on = one(stream, exchange.request, host)
        answers.append(answer)
        if not goes_on or exchange.ends_connection():
            stream.sock.close()
            stream = None
    if stream:
        stream.sock.close()
    return answers


def one(stream: wire.Stream, request: Request, host: bytes) -> tuple[wire.Answer, bool]:
    head, body = head_of(request, host), payload_of(request)
    first = head if request.expects == "waits" else head + body
    sender = Sender(stream.sock, bodies.cut(first, request.pieces))

    def go_on():
        if request.expects == "waits":
            sender.join()
            Sender(stream.sock, bodies.cut(body, request.pieces))

    result = read_answer(stream, request.method, go_on, bool(request.leaves))
    sender.join(PATIENCE)
    if request.leaves == "reset":
        wire.reset(stream.sock)
    return result


def pipelined(exchanges: list[Exchange], where: Where, host: bytes) -> list[wire.Answer]:
    stream = wire.Stream(where.connect())
    data = b"".join(head_of(one.request, host) + payload_of(one.request) for one in exchanges)
    Sender(stream.sock, bodies.cut(data, exchanges[0].request.pieces))
    answers = [wire.Answer() for _ in exchanges]
    for number, exchange in enumerate(exchanges):
        answers[number], goes_on = read_answer(stream, exchange.request.method, lambda: None)
        if not goes_on:
            break
    stream.sock.close()
    return answers


def read_answer(
    stream: wire.Stream, method: bytes, go_on, leaves: bool = False
) -> tuple[wire.Answer, bool]:
    """And whether the connection can take another request."""
    answer, body = wire.Answer(), bytearray()
    goes_on = False
    try:
        head = None
        while head is None or 100 <= answer.status < 200 and answer.status != 101:
            head = stream.head()
            if head is None:
                answer.ending = "closed"
                return answer, False
            version, status, reason = parse_start(head.start)
            answer.status, answer.reason = status, reason.decode("latin-1")
            if status == 100:
                answer.continued = True
                go_on()
            elif 100 < status < 200 and status != 101:
                answer.informational.append((status, wire.text(head.fields())))
        answer.fields = wire.text(head.fields())
        goes_on = b"close" not in head.tokens(b"connection") and (
            version == b"HTTP/1.1" or b"keep-alive" in head.tokens(b"connection")
        )
        if method not in (b"HEAD", b"CONNECT") and status not in (204, 304):
            how = "none" if status == 101 else wire.framing(head)
            goes_on = goes_on and how != "none"
            read_body(stream, how, leaves, answer, body)
        answer.ending = "left" if leaves else "complete"
    except wire.Ended:
        answer.ending = "truncated" if answer.fields or body else "closed"
    except wire.Malformed as error:
        answer.ending, answer.words = "malformed", str(error)
    except ConnectionResetError:
        answer.ending = "reset"
    except TimeoutError:
        answer.ending = "timeout"
    except OSError as error:
        answer.ending, answer.words = "truncated" if answer.fields else "closed", str(error)
    answer.take_body(body)
    return answer, goes_on and answer.ending == "complete"


def read_body(
    stream: wire.Stream, how: str | int, leaves: bool, answer: wire.Answer, body: bytearray
) -> None:
    """All of it; but for the last byte where the client leaves."""
    if how == "chunked":
        answer.trailers = trailer_fields(stream.chunked(body))
    elif how == "none":
        stream.to_the_end(body)
    else:
        stream.exactly(how - leaves, body)


def parse_start(line: bytes) -> tuple[bytes, int, bytes]:
    version, _, rest = line.partition(b" ")
    status, _, reason = rest.partition(b" ")
    if not version.startswith(b"HTTP/1.") or not status.isdigit():
        raise wire.Malformed(f"status line {line[:40]!r}")
    return version, int(status), reason


def trailer_fields(lines: list[bytes]) -> list[tuple[str, str]]:
    return wire.text(wire.Head(b"", lines).fields())
