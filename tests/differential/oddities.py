"""What may be odd about a message, by name, so that a case can be told and made smaller."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random


@dataclass
class Oddity:
    name: str
    group: str
    clients: tuple[str, ...] | None
    weight: float
    apply: Callable


class Registry:
    """In the order in which they are applied. Of a group, `head` excepted, a message has one."""

    def __init__(self, *parts: "Registry"):
        self.all: dict[str, Oddity] = {}
        for part in parts:
            self.all |= part.all

    def add(self, group: str, clients: tuple[str, ...] | None = None, weight: float = 1.0):
        def register(function: Callable) -> Callable:
            self.all[function.__name__] = Oddity(
                function.__name__, group, clients, weight, function
            )
            return function

        return register

    def choose(self, rng: Random, client: str, how_many: int) -> list[str]:
        """Names in the order of the registry."""
        fit = [odd for odd in self.all.values() if odd.clients is None or client in odd.clients]
        chosen: list[Oddity] = []
        for _ in range(how_many):
            one = rng.choices(fit, [odd.weight for odd in fit])[0]
            taken = {odd.group for odd in chosen if odd.group != "head"}
            if one.group not in taken and one not in chosen:
                chosen.append(one)
        return [name for name, odd in self.all.items() if odd in chosen]

    def with_(self, name: str, client: str, names: list[str]) -> list[str]:
        """These and that one, instead of what it cannot be together with."""
        one = self.all.get(name)
        if one is None or (one.clients is not None and client not in one.clients):
            return names
        kept = {
            other for other in names if one.group == "head" or self.all[other].group != one.group
        }
        return [known for known in self.all if known in kept or known == name]

    def apply(self, names: list[str], seed: str, message) -> None:
        """Each has a random source of its own: without one of them, the others stay as they are."""
        for name in names:
            self.all[name].apply(Random(f"{seed}/{name}"), message)
