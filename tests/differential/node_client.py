"""Node's `http` and `fetch`: one process that is handed sessions as lines of JSON."""

import base64
import itertools
import json
import os
import subprocess
import threading
from concurrent.futures import Future
from pathlib import Path

import wire
from exchange import Exchange
from session import SessionPlan
from where import PATIENCE, Where


class Node:
    def __init__(self, certificate: str | None):
        environment = dict(os.environ)
        if certificate:
            environment["NODE_EXTRA_CA_CERTS"] = certificate
        worker = Path(__file__).with_name("node_worker.mjs")
        self.process = subprocess.Popen(
            ["node", "--no-warnings", worker],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
        )
        self.waiting: dict[int, Future] = {}
        self.lock = threading.Lock()
        self.ids = itertools.count()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.process.stdout:
            result = json.loads(line)
            self.waiting.pop(result["id"]).set_result(result["answers"])
        for future in self.waiting.values():
            future.set_exception(RuntimeError("node has ended"))

    def run(
        self, session: SessionPlan, exchanges: list[Exchange], where: Where
    ) -> list[wire.Answer]:
        id, future = next(self.ids), Future()
        self.waiting[id] = future
        job = {
            "id": id,
            "client": session.client,
            "tls": bool(where.certificate),
            "host": where.name,
            "port": where.port,
            "patience": PATIENCE * 1000,
            "exchanges": [describe(exchange, where) for exchange in exchanges],
        }
        with self.lock:
            self.process.stdin.write(json.dumps(job).encode() + b"\n")
            self.process.stdin.flush()
        return [answer(one) for one in future.result(PATIENCE * 4)]

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait(5)


def describe(exchange: Exchange, where: Where) -> dict:
    request = exchange.request
    fields = [
        (name, value.replace(b"{host}", where.authority.encode())) for name, value in request.fields
    ]
    if request.framing == "length":
        fields.append((b"Content-Length", b"%d" % len(request.body)))
    elif request.framing == "chunked":
        fields.append((b"Transfer-Encoding", b"chunked"))
    return {
        "method": request.method.decode(),
        "target": request.target.decode("latin-1"),
        "fields": wire.text(fields),
        "body": base64.b64encode(request.body).decode() if request.has_body() else None,
        "chunks": request.chunks if request.framing == "chunked" else [],
        "framing": request.framing,
        "ends": exchange.ends_connection(),
        "pause": 1300 if exchange.response.idles_out is not None else 0,
    }


def answer(seen: dict) -> wire.Answer:
    out = wire.Answer(seen["status"], seen["reason"], [tuple(one) for one in seen["fields"]])
    out.informational = [
        (status, [tuple(one) for one in fields]) for status, fields in seen["informational"]
    ]
    out.trailers = [tuple(one) for one in seen["trailers"]]
    out.take_body(base64.b64decode(seen["body"]))
    out.ending, out.words = seen["ending"], seen["words"]
    return out
