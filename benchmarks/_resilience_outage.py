"""2,000 clients of a service that is away for a minute, on the virtual clock; and the plot of it.

The service answers at once, and from second 10 to second 70 it fails at once. When it goes away all connections drop,
so all clients notice in the same instant. A client has one call at a time; after its answer, or after giving up, it
makes the next in 5 s on average. Everything is seeded: the same run gives the same numbers and the same plot.
"""

import asyncio
import contextlib
import random
from collections import Counter
from dataclasses import dataclass

from groundwork.errors import RetryExhausted, TransientError
from groundwork.resilience import Backoff, RetryBudget, retry
from groundwork.testing import VirtualClock, run_virtual

CLIENTS = 2000
FROM_S, UNTIL_S, END_S = 10.0, 70.0, 80.0
# Until here waits still grow to the cap of 5 s.
SETTLED_S = FROM_S + 15.0
BETWEEN_S = 5.0
BIN_S = 0.1
SEED = 1


class AddedJitter(Backoff):
    """Jitter added before the cap, as stamina does: at the cap it is cut off."""

    def wait_s(self, failures, rng, previous_s=None):
        return min(self.cap_s, self._whole_s(failures) + rng.uniform(0, 1))


@dataclass
class Outage:
    """What one way to retry did: when its calls came, and how many calls of the outage were first attempts."""

    arrivals: list
    firsts: int
    clients: int

    @property
    def calls(self):
        return sum(FROM_S <= at < UNTIL_S for at in self.arrivals)

    @property
    def peak(self):
        """Calls in the worst tenth of a second, once the waits have grown to their cap."""
        return max(Counter(int(at / BIN_S) for at in self.arrivals if SETTLED_S <= at < UNTIL_S).values())

    @property
    def peak_to_mean(self):
        settled = sum(SETTLED_S <= at < UNTIL_S for at in self.arrivals)
        return self.peak / (settled * BIN_S / (UNTIL_S - SETTLED_S))

    def rates(self):
        seconds = Counter(int(at) for at in self.arrivals)
        return [seconds[second] for second in range(int(END_S))]


def simulate(backoff, *, budgeted=False, clients=CLIENTS):
    """Let every client call on, each with the same policy, until the service has been back for a while."""
    clock = VirtualClock()
    arrivals, firsts = [], 0
    budget = RetryBudget(clock=clock) if budgeted else None
    policy = retry(attempts=100_000, backoff=backoff, budget=budget, clock=clock, seed=SEED)

    async def request():
        now_s = clock.monotonic()
        arrivals.append(now_s)
        if FROM_S <= now_s < UNTIL_S:
            raise TransientError("away")

    call = policy(request)

    async def client(number):
        nonlocal firsts
        rng = random.Random(number)
        while (now_s := clock.monotonic()) < END_S:
            idle_s = rng.expovariate(1 / BETWEEN_S)
            await asyncio.sleep(min(idle_s, FROM_S - now_s) if now_s < FROM_S else idle_s)
            firsts += FROM_S <= clock.monotonic() < UNTIL_S
            with contextlib.suppress(RetryExhausted):
                await call()

    async def everyone():
        await asyncio.gather(*(client(number) for number in range(clients)))

    run_virtual(everyone(), clock=clock, seed=SEED)
    return Outage(arrivals, firsts, clients)


def outages(clients=CLIENTS):
    """Every way to retry, by name."""
    return {
        "no jitter": simulate(Backoff(jitter="none"), clients=clients),
        "jitter added, then capped (stamina)": simulate(AddedJitter(), clients=clients),
        "full jitter": simulate(Backoff(jitter="full"), clients=clients),
        "decorrelated jitter": simulate(Backoff(jitter="decorrelated"), clients=clients),
        "equal jitter": simulate(Backoff(), clients=clients),
        "equal jitter and a shared budget": simulate(Backoff(), budgeted=True, clients=clients),
    }


def plot(found, path):
    """Draw calls a second over time; the same numbers give the same bytes."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot

    settings = {"svg.hashsalt": "groundwork", "svg.fonttype": "none", "font.size": 9}
    with mpl.rc_context(settings):
        figure, axes = pyplot.subplots(figsize=(7.2, 3.4), layout="constrained")
        axes.axvspan(FROM_S, UNTIL_S, color="0.93", lw=0)
        axes.text((FROM_S + UNTIL_S) / 2, 2330, "the service is away", ha="center", color="0.35")
        for name, color, width in (
            ("no jitter", "#c44e52", 1.0),
            ("equal jitter", "#dd8452", 1.6),
            ("equal jitter and a shared budget", "#4c72b0", 1.6),
        ):
            rates = found[name].rates()
            axes.step(range(len(rates)), rates, where="post", color=color, lw=width, label=name)
        axes.set(xlabel="seconds", ylabel="calls a second", xlim=(0, END_S - 1), ylim=(0, 2500))
        figure.legend(loc="outside lower center", ncols=3, frameon=False)
        axes.spines[["top", "right"]].set_visible(False)
        figure.savefig(path, metadata={"Date": None, "Creator": None})
        pyplot.close(figure)
