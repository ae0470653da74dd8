"""A session: exchanges of one client, told by names and seeds, so that a part can be had again."""

from dataclasses import dataclass, replace
from random import Random

import request as requests
import request_course
import request_heads
import response as responses
import response_codings
import response_endings
import response_framings
import response_heads
import response_statuses
from exchange import Exchange, Plan, settle
from oddities import Registry

REQUESTS = Registry(request_course.ODDITIES, request_heads.ODDITIES)
# In the order in which they are applied: a length is told of the coded body, and endings have
# the last word.
RESPONSES = Registry(
    response_statuses.ODDITIES,
    response_codings.ODDITIES,
    response_framings.ODDITIES,
    response_heads.ODDITIES,
    response_endings.ODDITIES,
)

CLIENTS = ("raw", "curl", "python", "node", "fetch")


@dataclass(frozen=True)
class SessionPlan:
    client: str
    tls: bool
    pipelined: bool
    plans: tuple[Plan, ...]

    def with_plans(self, *plans: Plan) -> "SessionPlan":
        return replace(self, plans=plans, pipelined=self.pipelined and len(plans) > 1)


def plan(
    seed: int, number: int, clients: list[str], can_tls: bool, always: str | None = None
) -> SessionPlan:
    rng = Random(f"{seed}/{number}")
    client = rng.choice(clients)
    tls = can_tls and rng.random() < 0.12
    how_many = rng.choice([1, 1, 1, 1, 2, 3, 4])
    plans = []
    for at in range(how_many):
        asked = REQUESTS.choose(rng, client, rng.choice([0, 0, 1, 1, 2, 3]))
        answered = RESPONSES.choose(rng, client, rng.choice([0, 0, 1, 1, 2, 3]))
        if always:
            asked = REQUESTS.with_(always, client, asked)
            answered = RESPONSES.with_(always, client, answered)
        name = f"{seed}/{number}/{at}"
        plans.append(Plan(name, name.replace("/", "."), tuple(asked), tuple(answered)))
    pipelined = client == "raw" and how_many > 1 and rng.random() < 0.4
    return SessionPlan(client, tls, pipelined, tuple(plans))


def build(plan: Plan, session: SessionPlan) -> Exchange:
    rng = Random(f"{plan.seed}/ordinary")
    request = requests.ordinary(rng, plan.case, session.client)
    response = responses.ordinary(rng)
    if plan.bare:
        request.fields, request.pieces, request.body = [], [], request.body[:10]
        request.chunks = [len(request.body)] if request.body else []
        response.lines, response.pieces, response.body = response.lines[:1], [], response.body[:100]
        response.chunks = [len(response.body)] if response.body else []
    request.fields.append((b"X-Case", plan.case.encode()))
    if session.client in ("raw", "python", "node"):
        host = rng.choice([b"Host", b"Host", b"host", b"HOST"])
        request.fields.insert(rng.randrange(len(request.fields) + 1), (host, b"{host}"))
    REQUESTS.apply(plan.request, plan.seed + "/request", request)
    RESPONSES.apply(plan.response, plan.seed + "/response", response)
    if sum(request.chunks) != len(request.body):
        request.chunks = [len(request.body)] if request.body else []
    if sum(response.chunks) != len(response.body):
        response.chunks = [len(response.body)] if response.body else []
    exchange = Exchange(plan, request, response)
    exchange.tags = [f"ask:{name}" for name in plan.request] + list(plan.response)
    if session.tls:
        exchange.tags.append("tls")
    settle(exchange, session.client, session.pipelined)
    return exchange
