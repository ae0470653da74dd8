"""Runs sessions both ways, repeats those that differ, and collects what was found."""

import itertools
import threading
from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path

import compare
import curl_client
import python_client
import raw_client
import record
import session as sessions
import shrink
import wire
from asked import Asked
from daemon import Binaries, Daemon
from exchange import Exchange
from fields import Difference, Verdict
from node_client import Node
from session import SessionPlan
from upstream import Upstream
from where import Where, make_certificate

# Of a kind of difference, so many cases are made small: enough to tell what it comes of.
SHRUNK = 60
# How often a session that differs is run again.
REPEATS = 3


class Runner:
    def __init__(
        self, binaries: Binaries, clients: list[str], folder: Path | None, is_verbose: bool
    ):
        """Without a folder for a certificate, no session goes over TLS."""
        self.is_verbose = is_verbose
        self.certificate, context = make_certificate(folder) if folder else (None, None)
        self.upstream = Upstream(context)
        self.daemons = {}
        for (way, tls), port in self.upstream.ports.items():
            if way == "through":
                url = f"https://localhost:{port}" if tls else f"http://127.0.0.1:{port}"
                self.daemons[tls] = Daemon(binaries, url, self.certificate)
        self.node = Node(self.certificate) if "node" in clients else None
        self.clients = {"raw": raw_client.run, "python": python_client.run, "curl": curl_client.run}
        if self.node:
            self.clients |= {"node": self.node.run, "fetch": self.node.run}
        self.lock = threading.Lock()
        self.attempts = itertools.count()
        self.accepted: Counter = Counter()
        self.by_chance: Counter = Counter()
        self.endings: Counter = Counter()
        self.shrunk: Counter = Counter()
        # By kind and what is odd: the cases.
        self.found: dict[tuple[str, str], list[str]] = defaultdict(list)
        # By whether it went over TLS, and by case.
        self.passed: dict[bool, dict[str, record.Passed]] = {False: {}, True: {}}
        self.is_stopped = False

    def session(self, plan: SessionPlan) -> None:
        kinds = {difference.kind for difference in self.both(plan, is_counted=True)}
        if not kinds:
            return
        # What does not come every time is chance, such as a reset that is passed on as a close.
        always = set(kinds)
        for _ in range(REPEATS):
            always &= {difference.kind for difference in self.both(plan)}
        with self.lock:
            self.by_chance.update(kinds - always)
        for kind in sorted(always):
            self.note(plan, kind)

    def note(self, plan: SessionPlan, kind: str) -> None:
        def shows(part: SessionPlan) -> bool:
            return any(difference.kind == kind for difference in self.both(part))

        with self.lock:
            self.shrunk[kind] += 1
            is_enough = self.shrunk[kind] > SHRUNK
        small = plan if is_enough else shrink.smallest(plan, shows)
        details = (one.detail for one in self.both(small) if one.kind == kind)
        case = f"{shrink.describe(small)}\n    {next(details, '')}"
        with self.lock:
            self.found[kind, shrink.oddities(small)].append(case)

    def both(self, plan: SessionPlan, is_counted: bool = False) -> list[Difference]:
        """Sends a session both ways; what differs."""
        attempt = next(self.attempts)
        plan = plan.with_plans(*(replace(one, case=f"{one.case}-{attempt}") for one in plan.plans))
        exchanges = [sessions.build(one, plan) for one in plan.plans]
        for one in exchanges:
            self.upstream.expect(one.plan.case, one)
        straight = self.one_way("straight", plan, exchanges)
        through = self.one_way("through", plan, exchanges)
        out = []
        for number, (one, before, after) in enumerate(zip(exchanges, straight, through), 1):
            is_last = not plan.pipelined or number == len(exchanges)
            if not is_last and (compare.is_refused(*after) or one.ends_connection()):
                # Requests that are still unread make the end of the connection a reset.
                break
            if self.is_verbose:
                print(f"{one.plan.seed}\n  straight {before}\n  through  {after}")
            verdict = compare.exchange(one, plan.client, before[0], after[0], before[1], after[1])
            out += verdict.differences
            if is_counted:
                self.count(one, plan, before[0], after, verdict)
        return out

    def one_way(
        self, way: str, plan: SessionPlan, exchanges: list[Exchange]
    ) -> list[tuple[wire.Answer, list[Asked]]]:
        """What the client and the upstream saw of each exchange."""
        answers = self.clients[plan.client](plan, exchanges, self.where(way, plan.tls))
        seen = []
        for one, answer in zip(exchanges, answers):
            if one.request.leaves or one.request.expects == "waits":
                self.upstream.wait(one.plan.case, way)
            seen.append((answer, self.upstream.take(one.plan.case, way)))
        return seen

    def count(
        self,
        one: Exchange,
        plan: SessionPlan,
        straight: wire.Answer,
        through: tuple[wire.Answer, list[Asked]],
        verdict: Verdict,
    ) -> None:
        with self.lock:
            self.accepted.update(set(verdict.accepted))
            self.endings[straight.ending] += 1
            passed = record.Passed(one, plan.client, *through)
            self.passed[plan.tls][one.plan.case] = passed

    def where(self, way: str, tls: bool) -> Where:
        if way == "through":
            return Where(self.daemons[tls].port)
        return Where(self.upstream.ports[way, tls], self.certificate if tls else None)

    def read_record(self, bodies_of_each: int) -> None:
        for tls, daemon in self.daemons.items():
            for case, difference in record.differences(daemon, self.passed[tls], bodies_of_each):
                one = self.passed[tls][case].exchange
                where = f"{one.plan.seed}: {difference.detail}"
                self.found[difference.kind, " ".join(one.tags)].append(where)

    def stop(self) -> list[str]:
        """What was wrong with the daemons and the upstream."""
        if self.is_stopped:
            return []
        self.is_stopped = True
        if self.node:
            self.node.close()
        wrong = [line for daemon in self.daemons.values() for line in daemon.close()]
        if self.upstream.unknown:
            starts = self.upstream.unknown[:3]
            wrong.append(f"the upstream was asked for what no client asked: {starts}")
        return wrong
