"""Random exchanges, straight to a scripted upstream and through a daemon: both must be the same.

`python3 tests/differential N --seed S` prints what differs, each with its smallest case, and fails
if anything does. `--only SESSION` runs one of that seed and prints all that was seen.
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# Nothing is left beside the sources.
sys.dont_write_bytecode = True

import session as sessions
import shrink
from daemon import Binaries
from runner import Runner
from session import SessionPlan

TARGET = Path(__file__).resolve().parent.parent.parent / "target/debug"
# Clients that need a program.
PROGRAMS = {"curl": "curl", "node": "node", "fetch": "node"}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="differential", description=__doc__.partition("\n")[0])
    option = parser.add_argument
    option("exchanges", type=int, nargs="?", default=300, help="how many, about")
    option("--seed", type=int, default=1)
    option("--daemon", type=Path, default=TARGET / "ccdumpd")
    option("--view", type=Path, default=TARGET / "ccdump-view")
    option("--only", type=int, metavar="SESSION", help="one session of the seed, in full")
    option("--always", metavar="ODDITY", help="in each exchange whose client can have it")
    option("--jobs", type=int, default=8, help="sessions at once")
    option("--bodies", type=int, default=8, metavar="N", help="look at one recorded body in N")
    return parser.parse_args()


def main() -> int:
    options = arguments()
    clients = [one for one in sessions.CLIENTS if shutil.which(PROGRAMS.get(one, "env"))]
    for client in sorted(set(sessions.CLIENTS) - set(clients)):
        print(f"skipped: {client}, as {PROGRAMS[client]} is not installed")
    can_tls = bool(shutil.which("openssl"))
    if not can_tls:
        print("skipped: TLS, as openssl is not installed")
    plans = choose(options, clients, can_tls)
    with tempfile.TemporaryDirectory(prefix="ccdump-differential-") as folder:
        binaries = Binaries(options.daemon, options.view)
        is_verbose = options.only is not None
        runner = Runner(binaries, clients, Path(folder) if can_tls else None, is_verbose)
        try:
            begun = time.monotonic()
            with ThreadPoolExecutor(options.jobs) as pool:
                # Raises what a session raised.
                list(pool.map(runner.session, plans))
            runner.read_record(options.bodies)
            return report(runner, plans, time.monotonic() - begun)
        finally:
            runner.stop()


def choose(options: argparse.Namespace, clients: list[str], can_tls: bool) -> list[SessionPlan]:
    if options.only is not None:
        plan = sessions.plan(options.seed, options.only, clients, can_tls, options.always)
        print(shrink.describe(plan))
        return [plan]
    plans, count = [], 0
    while count < options.exchanges:
        plan = sessions.plan(options.seed, len(plans), clients, can_tls, options.always)
        plans.append(plan)
        count += len(plan.plans)
    return plans


def report(runner: Runner, plans: list[SessionPlan], seconds: float) -> int:
    clients = Counter(plan.client for plan in plans for _ in plan.plans)
    sessions_and_time = f"{len(plans)} sessions, {seconds:.0f} s"
    print(f"{clients.total()} exchanges in {sessions_and_time}: {dict(sorted(clients.items()))}")
    print(f"endings, straight: {dict(runner.endings.most_common())}")
    for kind, times in sorted(runner.accepted.items()):
        print(f"as documented, {times} times: {kind}")
    for kind, times in sorted(runner.by_chance.items()):
        print(f"by chance, {times} times: {kind}")
    for (kind, oddities), cases in sorted(runner.found.items(), key=lambda one: -len(one[1])):
        print(f"\nDIFFERS, {len(cases)} times: {kind}\n    {oddities}\n    {cases[0]}")
    wrong = runner.stop()
    for line in wrong:
        print(f"WRONG: {line}")
    differences = sum(map(len, runner.found.values()))
    print(f"\n{differences} differences" if differences or wrong else "\nno difference")
    return 1 if differences or wrong else 0


if __name__ == "__main__":
    sys.exit(main())
