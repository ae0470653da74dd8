"""What memory a daemon takes, and gives back: `python3 scripts/memory.py [CCDUMPD [CCDUMP_VIEW]]`.

Eight uploads of 100 MB at once, 400 requests of growing sessions, all large bodies read back at once, then 60 readers; a minute later
memory should be back near where it was. Also says what was not recorded.
"""

import concurrent.futures
import json
import os
import pathlib
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

UPLOADS, MEGABYTES = 8, 100
DAEMON = sys.argv[1] if len(sys.argv) > 1 else "target/release/ccdumpd"
VIEW = sys.argv[2] if len(sys.argv) > 2 else "target/release/ccdump-view"


def answer(connection):
    """Reads requests and says ok to each."""
    with connection, connection.makefile("rb") as stream:
        while stream.readline():
            length = 0
            while (line := stream.readline()) not in (b"\r\n", b""):
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            while length > 0:
                length -= len(stream.read(min(length, 1 << 20)))
            connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")


def upstream():
    listener = socket.create_server(("127.0.0.1", 0), backlog=100)

    def accept():
        while True:
            threading.Thread(target=answer, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return listener.getsockname()[1]


def post(client, *pieces):
    length = sum(map(len, pieces))
    client.sendall(b"POST /v1/messages HTTP/1.1\r\nhost: localhost\r\nanthropic-version: 2023-06-01\r\n")
    client.sendall(b"content-length: %d\r\n\r\n" % length)
    for piece in pieces:
        client.sendall(piece)
    assert b"200" in client.recv(1000)


def main():
    folder = pathlib.Path(tempfile.mkdtemp())
    environment = dict(os.environ, HOME=str(folder))
    at = ["--data-dir", str(folder / "data"), "--socket", str(folder / "s")]
    command = [DAEMON, "serve", "--listen", "127.0.0.1:0", "--upstream", f"http://127.0.0.1:{upstream()}", *at]
    daemon = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment)
    port = int(json.loads(daemon.stdout.readline())["proxy"].rsplit(":", 1)[1])

    def tell(what):
        lines = pathlib.Path(f"/proc/{daemon.pid}/status").read_text().splitlines()
        now, peak = (next(int(line.split()[1]) >> 10 for line in lines if line.startswith(key)) for key in ("VmRSS:", "VmHWM:"))
        print(f"{what:34} {now:4} MB now, {peak:4} MB at most", flush=True)

    def connect():
        return socket.create_connection(("127.0.0.1", port))

    def upload(_):
        piece = os.urandom(1 << 20)
        with connect() as client:
            post(client, *(os.urandom(8) + piece[8:] for _ in range(MEGABYTES)))

    def session(_):
        messages = []
        with connect() as client:
            for _ in range(50):
                messages.append({"role": "user", "content": os.urandom(1500).hex()})
                post(client, json.dumps({"model": "claude-opus-4-6", "messages": messages}).encode())

    def read(exchange):
        # Fails for a body of which something is not on record, after all that is.
        command = [VIEW, "--socket", str(folder / "s"), "body", str(exchange), "--request", "--raw"]
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment, check=False)

    def at_once(what, work, items):
        with concurrent.futures.ThreadPoolExecutor(64) as pool:
            list(pool.map(work, items))
        tell(what)

    with open("/proc/cpuinfo") as cpu:
        model = next((line.split(":")[1].strip() for line in cpu if line.startswith("model name")), "")
    print(f"{model}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    try:
        tell("started")
        at_once("uploads", upload, range(UPLOADS))
        time.sleep(2)
        log = sqlite3.connect(f"file:{folder}/data/ccdump.db?mode=ro", uri=True)
        lost = sum(json.loads(detail)["bytes"] for (detail,) in log.execute("SELECT detail FROM event WHERE kind = 'gap'"))
        log.close()
        print(f"not recorded of the uploads: {lost / (UPLOADS * MEGABYTES << 20):.1%}")
        at_once("400 requests of growing sessions", session, range(8))
        at_once("large bodies read back", read, range(1, UPLOADS + 1))
        at_once("60 readers", read, range(UPLOADS + 2, UPLOADS + 62))
        for seconds in (15, 30, 45, 60):
            time.sleep(15)
            tell(f"{seconds} s later")
    finally:
        daemon.terminate()
        daemon.wait()
        subprocess.run(["rm", "-rf", folder], check=True)


main()
