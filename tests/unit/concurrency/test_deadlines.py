import asyncio
from contextvars import copy_context

from groundwork.concurrency._deadlines import Deadlines
from groundwork.concurrency._group import Group


class CoarseLoop:
    """Fires timers on time and tells the time in whole seconds, as some loops do with milliseconds."""

    def __init__(self):
        self.now = 0.0
        self.timers = []

    def time(self):
        return float(int(self.now))

    def call_at(self, when, callback, *, context):
        timer = asyncio.TimerHandle(when, callback, (), asyncio.new_event_loop(), context)
        timer._loop.close()
        self.timers.append(timer)
        return timer

    def advance_to(self, now):
        self.now = now
        for timer in [timer for timer in self.timers if timer.when() <= now]:
            self.timers.remove(timer)
            if not timer.cancelled():
                timer._callback()


def watched():
    expired = []
    loop = CoarseLoop()
    return loop, Deadlines(loop, expired.append, copy_context()), expired


def call(name="call"):
    return Group([name], 1, None, print, lambda group: None)


def test_a_deadline_whose_timer_fired_has_passed_whatever_a_coarse_clock_says():
    loop, deadlines, expired = watched()
    early, late = call(), call()
    deadlines.add(early, 1.5)
    deadlines.add(late, 2.5)

    loop.advance_to(1.5)
    first = list(expired)
    loop.advance_to(2.5)

    assert ([early], [early, late]) == (first, expired)


def test_after_a_long_deadline_has_gone_shorter_ones_need_no_heap():
    _, deadlines, _ = watched()
    long = call()
    deadlines.add(long, 3600.0)
    deadlines.add(call(), 5.0)
    long.done = None
    deadlines.sweep()

    deadlines.add(call(), 5.0)

    assert (1, 1) == (len(deadlines._line), len(deadlines._heap))


def test_what_is_closed_expires_nothing():
    loop, deadlines, expired = watched()
    deadlines.add(call(), 1.0)

    deadlines.close()
    loop.advance_to(2.0)

    assert (0, []) == (len(deadlines), expired)
