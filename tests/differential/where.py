"""Where a client connects, and by which certificate."""

import socket
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

# Seconds that nothing may take; a case that waits so long has failed.
PATIENCE = 6.0


@dataclass(frozen=True)
class Where:
    port: int
    # The certificate that it is trusted by; None without TLS.
    certificate: str | None = None

    @property
    def name(self) -> str:
        return "localhost" if self.certificate else "127.0.0.1"

    @property
    def authority(self) -> str:
        return f"{self.name}:{self.port}"

    @property
    def url(self) -> str:
        return f"{'https' if self.certificate else 'http'}://{self.authority}"

    def context(self) -> ssl.SSLContext | None:
        return ssl.create_default_context(cafile=self.certificate) if self.certificate else None

    def connect(self) -> socket.socket:
        sock = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if context := self.context():
            # As OpenSSL 3 has it: an end without goodbye is an error.
            sock = context.wrap_socket(sock, server_hostname=self.name, suppress_ragged_eofs=False)
        return sock


def make_certificate(folder: Path) -> tuple[str, ssl.SSLContext]:
    """One for `localhost`: its file for clients, and what a server needs."""
    certificate, key = str(folder / "cert.pem"), str(folder / "key.pem")
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    names += ["-addext", "basicConstraints=critical,CA:FALSE"]
    files = ["-keyout", key, "-out", certificate]
    subprocess.run([*command.split(), *names, *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return certificate, context
