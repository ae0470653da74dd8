"""How and when a response ends."""

from oddities import Registry

ODDITIES = Registry()
odd = ODDITIES.add


@odd("ending")
def early_close(rng, response):
    response.ending, response.cut_at = rng.choice(["close", "stall"]), rng.random()


@odd("ending")
def early_reset(rng, response):
    response.ending, response.cut_at = "reset", rng.choice(
        [0.0, rng.random(), rng.random(), rng.random()]
    )


@odd("ending")
def late_reset(rng, response):
    response.ending = "reset"


@odd("ending", weight=0.6)
def answers_nothing(rng, response):
    response.ending, response.cut_at = rng.choice(["close", "reset"]), 0.0


@odd("when")
def before_the_body(rng, response):
    response.when = "head"


@odd("tls", weight=0.6)
def without_close_notify(rng, response):
    if response.ending in ("close", "stall"):
        response.ending = "ragged"
