"""A daemon of its own, and a look at what it recorded."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Binaries:
    daemon: Path
    view: Path


class Daemon:
    def __init__(self, binaries: Binaries, upstream: str, certificate: str | None = None):
        self.binaries = binaries
        self.folder = Path(tempfile.mkdtemp(prefix="ccdump-differential-"))
        self.socket = self.folder / "d.sock"
        own = (
            "CCDUMP",
            "XDG_",
            "HTTP_PROXY",
            "HTTPS_PROXY",
            "ALL_PROXY",
            "NO_PROXY",
            "http_proxy",
            "https_proxy",
            "all_proxy",
        )
        self.environment = {
            key: value for key, value in os.environ.items() if not key.startswith(own)
        }
        self.environment |= {
            "HOME": str(self.folder),
            "XDG_RUNTIME_DIR": str(self.folder),
            "NO_COLOR": "1",
        }
        if certificate:
            self.environment["SSL_CERT_FILE"] = certificate
        arguments = [
            binaries.daemon,
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--upstream",
            upstream,
            "--data-dir",
            self.folder / "data",
            "--socket",
            self.socket,
        ]
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen(
                arguments, stdout=subprocess.PIPE, stderr=log, env=self.environment
            )
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("ccdumpd did not start: " + self.log()[-500:])
        self.port = int(json.loads(line)["proxy"].rsplit(":", 1)[1])

    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def view(self, *arguments: str) -> bytes:
        command = [self.binaries.view, "--socket", self.socket, *arguments]
        return subprocess.run(command, capture_output=True, env=self.environment, timeout=60).stdout

    def exchanges(self, cases: set[str]) -> dict[str, dict]:
        """Rows by case, once these are there and none is open; after some seconds what there is."""
        end = time.monotonic() + 20
        while True:
            lines = self.view("ls", "--json").decode().split("\n")
            rows = [json.loads(line) for line in lines if line]
            by_case = {}
            for row in rows:
                if match := re.search(r"/d/([\w.-]+)", row["path"] or ""):
                    by_case[match[1]] = row
            is_settled = all(row["end_state"] for row in rows) and cases <= set(by_case)
            if is_settled or time.monotonic() > end:
                return by_case
            time.sleep(0.1)

    def body(self, id: int, side: str) -> bytes:
        return self.view("body", str(id), f"--{side}", "--raw")

    def close(self) -> list[str]:
        """What is wrong with how it lived and ended."""
        wrong = (
            [f"the daemon ended with {self.process.returncode}"]
            if self.process.poll() is not None
            else []
        )
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            wrong.append("the daemon did not stop within 15 s")
            self.process.kill()
            self.process.wait()
        if (at := self.log().find("panicked at")) >= 0:
            wrong.append("the daemon panicked: " + self.log()[at : at + 4000])
        with contextlib.suppress(OSError):
            shutil.rmtree(self.folder)
        return wrong
