"""The smallest session that still shows a difference, and how it is told."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import raw_client
import session as sessions
from exchange import Plan
from session import SessionPlan


def smallest(plan: SessionPlan, shows: Callable[[SessionPlan], bool]) -> SessionPlan:
    """A part of the session that still shows what it shows."""
    changed = True
    while changed:
        candidates = parts(plan)
        plan, changed = next(((one, True) for one in candidates if shows(one)), (plan, False))
    return plan


def parts(plan: SessionPlan) -> Iterator[SessionPlan]:
    """The session without one thing that is odd about it; the largest things first."""
    if len(plan.plans) > 1:
        yield from (plan.with_plans(one) for one in plan.plans)
    if plan.tls:
        yield replace(plan, tls=False)
    for at, one in enumerate(plan.plans):
        before, after = plan.plans[:at], plan.plans[at + 1 :]
        for smaller in parts_of_exchange(one):
            yield plan.with_plans(*before, smaller, *after)


def parts_of_exchange(one: Plan) -> Iterator[Plan]:
    if not one.bare:
        yield replace(one, bare=True)
    for name in one.response:
        yield replace(one, response=tuple(other for other in one.response if other != name))
    for name in one.request:
        yield replace(one, request=tuple(other for other in one.request if other != name))


def oddities(plan: SessionPlan) -> str:
    asked = {f"ask:{name}" for one in plan.plans for name in one.request}
    answered = {name for one in plan.plans for name in one.response}
    return f"[{plan.client}{' tls' if plan.tls else ''}] {' '.join(sorted(asked | answered))}"


def describe(plan: SessionPlan) -> str:
    """The session as bytes, cut short where they are many."""
    kind = f"{' over TLS' if plan.tls else ''}{' pipelined' if plan.pipelined else ''}"
    out = [plan.client + kind]
    for one in plan.plans:
        exchange = sessions.build(one, plan)
        request, response = exchange.request, exchange.response
        asked = raw_client.head_of(request, b"HOST") + raw_client.payload_of(request)
        pieces, ending = response.play(request.method)
        out.append(f"{one.seed} ask {asked!r:.420}")
        out.append(f"    answer ({response.when}, {ending}) {b''.join(pieces)!r:.420}")
    return "\n    ".join(out)
