"""The client of Python's standard library."""

import http.client

import bodies
import wire
from exchange import Exchange
from request import Request
from session import SessionPlan
from where import PATIENCE, Where


def run(session: SessionPlan, exchanges: list[Exchange], where: Where) -> list[wire.Answer]:
    answers, connection = [], None
    for exchange in exchanges:
        if connection is None:
            connection = connect(where)
        answer = one(connection, exchange.request, where)
        answers.append(answer)
        if answer.ending != "complete" or exchange.ends_connection():
            connection.close()
            connection = None
    if connection:
        connection.close()
    return answers


def connect(where: Where) -> http.client.HTTPConnection:
    if where.certificate:
        return http.client.HTTPSConnection(
            where.name, where.port, timeout=PATIENCE, context=where.context()
        )
    return http.client.HTTPConnection(where.name, where.port, timeout=PATIENCE)


def one(connection: http.client.HTTPConnection, request: Request, where: Where) -> wire.Answer:
    answer, body = wire.Answer(), bytearray()
    connection._http_vsn_str = request.version.decode()
    connection._http_vsn = 10 if request.version == b"HTTP/1.0" else 11
    host = where.authority.encode()
    try:
        connection.putrequest(
            request.method.decode(),
            request.target.decode("latin-1"),
            skip_host=True,
            skip_accept_encoding=True,
        )
        for name, value in request.fields:
            connection.putheader(name, value.replace(b"{host}", host))
        if request.framing == "length":
            connection.putheader("Content-Length", str(len(request.body)))
        elif request.framing == "chunked":
            connection.putheader("Transfer-Encoding", "chunked")
        connection.endheaders()
        if request.framing == "chunked":
            data = bodies.chunk(request.body, request.chunks, "plain", [])
        else:
            data = request.body if request.has_body() else b""
        for piece in bodies.cut(data, request.pieces):
            connection.send(piece)
    except ConnectionError:
        # What was answered before the connection went is still to be read.
        pass
    try:
        response = connection.getresponse()
        answer.status, answer.reason = response.status, response.reason
        answer.fields = [(name, value) for name, value in response.msg.items()]
        while piece := response.read1(wire.READ):
            body += piece
        answer.ending = "truncated" if response.length and request.method != b"HEAD" else "complete"
        # Frees the connection for the next request.
        response.close()
    except http.client.RemoteDisconnected:
        answer.ending = "closed"
    except http.client.IncompleteRead:
        answer.ending = "truncated"
    except ConnectionResetError:
        answer.ending = "reset"
    except TimeoutError:
        answer.ending = "timeout"
    except (http.client.HTTPException, ValueError) as error:
        answer.ending, answer.words = "malformed", f"{type(error).__name__}: {error}"[:100]
    except OSError as error:
        answer.ending, answer.words = "closed", str(error)
    answer.take_body(body)
    return answer
