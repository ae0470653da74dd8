"""curl, a process per connection."""

import subprocess
import tempfile
from pathlib import Path

import wire
from exchange import Exchange, connections
from session import SessionPlan
from where import PATIENCE, Where

# What the exit codes say about the answer.
ENDINGS = {0: "complete", 18: "truncated", 28: "timeout", 52: "closed", 56: "reset", 7: "refused"}


def run(session: SessionPlan, exchanges: list[Exchange], where: Where) -> list[wire.Answer]:
    return [answer for group in connections(exchanges) for answer in on_one(group, where)]


def on_one(exchanges: list[Exchange], where: Where) -> list[wire.Answer]:
    with tempfile.TemporaryDirectory(prefix="ccdump-differential-") as folder:
        arguments: list[bytes] = [b"curl", b"-q"]
        for number, exchange in enumerate(exchanges):
            if number:
                arguments.append(b"--next")
            arguments += one(exchange, where, Path(folder), number)
        done = subprocess.run(arguments, capture_output=True, timeout=PATIENCE * 3)
        codes = [int(line.split()[1]) for line in done.stdout.decode().splitlines()]
        codes += [done.returncode] * (len(exchanges) - len(codes))
        return [
            read(code, Path(folder), number, exchanges[number].request.method)
            for number, code in enumerate(codes)
        ]


def one(exchange: Exchange, where: Where, folder: Path, number: int) -> list[bytes]:
    request = exchange.request
    out = [b"--silent", b"--globoff", b"--path-as-is", b"--max-time", b"%d" % PATIENCE]
    out += [b"--dump-header", bytes(folder / f"head{number}")]
    out += [b"--output", bytes(folder / f"body{number}")]
    out += [b"--write-out", b"exit %{exitcode}\\n", b"--request-target", request.target]
    if where.certificate:
        out += [b"--cacert", where.certificate.encode()]
    if request.method == b"HEAD":
        out.append(b"--head")
    else:
        out += [b"--request", request.method]
    if request.version == b"HTTP/1.0":
        out.append(b"--http1.0")
    if request.has_body():
        body = folder / f"ask{number}"
        body.write_bytes(request.body)
        out += [b"--data-binary", b"@" + bytes(body)]
        if request.framing == "chunked":
            out += [b"--header", b"Transfer-Encoding: chunked"]
    names = {name.lower() for name, _ in request.fields}
    if request.has_body() and b"content-type" not in names:
        out += [b"--header", b"Content-Type:"]
    if b"expect" not in names:
        # curl asks by itself for bodies over a mebibyte.
        out += [b"--header", b"Expect:"]
    for name, value in request.fields:
        if name.lower() == b"host":
            continue
        out += [b"--header", name + (b": " + value if value else b";")]
    return [*out, where.url.encode() + b"/"]


def read(code: int, folder: Path, number: int, method: bytes) -> wire.Answer:
    answer = wire.Answer()
    answer.ending = ENDINGS.get(code, "malformed")
    answer.words = f"exit {code}"
    head, body = folder / f"head{number}", folder / f"body{number}"
    blocks = blocks_of(head.read_bytes()) if head.exists() else []
    for start, lines in blocks:
        if not start.startswith(b"HTTP/"):
            answer.trailers += wire.text(wire.Head(b"", [start, *lines]).fields())
            continue
        status, reason = [*start.split(None, 2)[1:], b"", b""][:2]
        fields = wire.text(wire.Head(b"", lines).fields())
        if status.isdigit() and 100 <= int(status) < 200 and int(status) != 101:
            if int(status) != 100:
                answer.informational.append((int(status), fields))
            continue
        answer.status = int(status) if status.isdigit() else 0
        answer.reason, answer.fields = reason.decode("latin-1"), fields
    # Of HEAD, it is the head once more.
    answer.take_body(body.read_bytes() if body.exists() and method != b"HEAD" else b"")
    return answer


def blocks_of(dump: bytes) -> list[tuple[bytes, list[bytes]]]:
    blocks, current = [], []
    for line in dump.split(b"\n"):
        line = line.removesuffix(b"\r")
        if line:
            current.append(line)
        elif current:
            blocks.append((current[0], current[1:]))
            current = []
    if current:
        blocks.append((current[0], current[1:]))
    return blocks
