"""The contract of ``logged``: calls in the log, and what must not be there.

The subject offers ``logged(logger=..., level=logging.DEBUG, clock=...)``; an error is logged as ``logging.ERROR`` with
its traceback (``exc_info``).
"""

import logging
from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing._contract import Contract, Level
from groundwork.testing._lab import Lab
from groundwork.testing.contracts._failures import caught, expect, run
from groundwork.testing.contracts._mod_scenes import Shown, listening, plain

CHECKS = Contract("modeling/logged")


@CHECKS.check(
    Level.BASIC,
    rule="A call is logged with its name and its arguments, at the level that was asked for.",
    why="At three in the morning the log is all there is: which table was it, and how many rows?",
    hint='logger.log(level, "%s(%s)", name, arguments): logging puts the text together itself.',
)
def a_call_is_logged(subject: Any, lab: Lab) -> None:
    """One call, at INFO; and one of a coroutine function."""
    with listening() as (logger, seen):

        @plain(subject.logged(logger=logger, level=logging.INFO))
        def load(table: str, *, rows: int) -> int:
            return rows

        expect(load("flights", rows=31), 31, "what a logged function returned")
        _expect_told(seen.records, "load", "flights", "31")
    with listening() as (logger, seen):

        @plain(subject.logged(logger=logger, level=logging.INFO))
        async def fetch(row: int) -> int:
            return row

        async def main() -> Any:
            return await fetch(712)

        expect(run(lab, main()), 712, "what a logged coroutine function gave")
        _expect_told(seen.records, "fetch", "712")


def _expect_told(records: list[logging.LogRecord], *wanted: str) -> None:
    texts = [record.getMessage() for record in records]
    if missing := [each for each in wanted if not any(each in text for text in texts)]:
        raise ContractBroken(f"the log says {texts}; expected {missing[0]!r} in it")
    if {record.levelno for record in records} != {logging.INFO}:
        raise ContractBroken(f"the levels are {[record.levelname for record in records]}; expected INFO, as asked for")


@CHECKS.check(
    Level.FAULT,
    rule="An error is logged with its traceback and goes on to the caller.",
    why="A decorator that swallows turns a failed training into a model that is None, and the run says SUCCESS.",
    hint="except Exception as error: log it with exc_info=error, then raise, with nothing behind it.",
    after=["a_call_is_logged"],
)
def a_logged_error_goes_on(subject: Any, lab: Lab) -> None:
    """A function and a coroutine function that raise."""
    for error in (ValueError("no rows"), KeyError("column")):
        with listening() as (logger, seen):

            @plain(subject.logged(logger=logger))
            def load(error: Exception = error) -> None:
                raise error

            raised = caught(load, "a logged function that raises")
            _expect_error(raised, error, seen.records)
        with listening() as (logger, seen):

            @plain(subject.logged(logger=logger))
            async def fetch(error: Exception = error) -> None:
                raise error

            async def main(fetch: Any = fetch) -> Any:
                return await fetch()

            raised = caught(lambda main=main: run(lab, main()), "a logged coroutine function that raises")  # type: ignore[misc]
            _expect_error(raised, error, seen.records)


def _expect_error(raised: BaseException, error: Exception, records: list[logging.LogRecord]) -> None:
    if raised is not error:
        raise ContractBroken(f"{error!r} reached the caller as {raised!r}; expected the very error")
    told = [record for record in records if record.levelno >= logging.ERROR]
    if len(told) != 1:
        raise ContractBroken(f"{len(told)} records of level ERROR for one error; expected one")
    if not told[0].exc_info or told[0].exc_info[1] is not error:
        raise ContractBroken("the record of the error has no traceback; expected exc_info")


@CHECKS.check(
    Level.FAULT,
    rule="An argument whose name says that it is a secret is not in the log, however it is passed.",
    why="Logs are copied, searched and kept for years by people who must not know the password.",
    hint="inspect.signature(fn).bind(*args, **kwargs).arguments names each argument, the positional ones too.",
    after=["a_call_is_logged"],
)
def a_secret_is_not_logged(subject: Any, lab: Lab) -> None:
    """A password and an api_key: by place, by name, by ``**options``."""
    with listening() as (logger, seen):

        @plain(subject.logged(logger=logger))
        def connect(host: str, password: str, **options: str) -> str:
            return host

        connect("db1.local", "hunter2")
        connect("db1.local", password="hunter3")  # noqa: S106 - the secret of the scene
        connect("db1.local", "hunter2", api_key="hunter4")
        text = "\n".join([*seen.texts(), *(str(record.args) for record in seen.records)])
    for secret, what in (
        ("hunter2", "password, passed by place"),
        ("hunter3", "password, passed by name"),
        ("hunter4", "api_key, passed in **options"),
    ):
        if secret in text:
            raise ContractBroken(f"the log holds the value of {what}; expected *** or nothing")
    if "db1.local" not in text:
        raise ContractBroken("the log does not hold the host; expected the arguments that are no secret")


@CHECKS.check(
    Level.LOAD,
    rule="Where the level is not listened to, no argument is written out.",
    why="repr of a table of ten million rows takes longer than the function, and nobody reads it.",
    hint="if logger.isEnabledFor(level): before anything is formatted.",
    after=["a_call_is_logged"],
)
def nothing_is_formatted_for_nobody(subject: Any, lab: Lab) -> None:
    """An argument that counts how often it is written out; then the level is switched on."""
    with listening(logging.WARNING) as (logger, seen):

        @plain(subject.logged(logger=logger, level=logging.DEBUG))
        def fit(table: Any) -> int:
            return 1

        shown = Shown()
        fit(shown)
        expect((shown.times, seen.texts()), (0, []), "times that an argument was written out for nobody, and the log")
        logger.setLevel(logging.DEBUG)
        fit(shown)
        if not seen.records:
            raise ContractBroken("nothing is logged after the level was lowered; expected to look at it in each call")
