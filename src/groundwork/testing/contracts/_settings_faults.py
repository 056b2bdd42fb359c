"""The contract of ``load_settings`` where something is wrong, missing or secret."""

import copy
import json
import logging
import os
import pickle
import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, make_dataclass
from functools import partial
from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing._contract import Level
from groundwork.testing._lab import Lab
from groundwork.testing.contracts._failures import caught, expect
from groundwork.testing.contracts._settings import CHECKS as CHECKS
from groundwork.testing.contracts._settings import Service, load
from groundwork.testing.contracts._values import expect_refusal

_TOKEN = "ghp_9f8e7d6c5b4a"  # noqa: S105 - nobody's


def expect_hidden(text: str, where: str, secret: str = _TOKEN) -> None:
    """Break the contract if the secret stands in a text."""
    if secret in text:
        raise ContractBroken(f"the secret stands in {where}; expected it masked")


@CHECKS.check(
    Level.EDGE,
    rule="Without a .env the other sources count; a setting without any value is named by its variable.",
    why="On a server there is no .env; and 'missing: name' sends people to look for a file that is not there.",
    hint="A file that is not there gives nothing. A field without a default has MISSING in both of its defaults.",
    after=["the_later_source_wins"],
)
def a_file_may_be_missing_a_value_not(subject: Any, lab: Lab) -> None:
    """No file and a variable; no file and none; two lists of two objects."""
    expect(load(subject, lab, None, {"APP_NAME": "server"}).name, "server", "name without a .env")
    expect_refusal(lambda: load(subject, lab, None), "APP_NAME", "no name at all")
    one, other = (load(subject, lab, environ={"APP_NAME": "a"}) for _ in range(2))
    one.tags.append("mine")
    expect(other.tags, [], "default tags of another object, after those of one were changed")


@CHECKS.check(
    Level.EDGE,
    rule="Every mistake is told at once, each with its place: variable, argument, or line of the file.",
    why="Five starts of two minutes each to find five typos is how settings get hard-coded.",
    hint="Append to a list where you would raise; raise once, at the end, if the list is not empty.",
    after=["what_does_not_fit_is_refused", "a_file_may_be_missing_a_value_not"],
)
def every_mistake_is_told_at_once(subject: Any, lab: Lab) -> None:
    """Of three sources, and one that is missing."""
    lines = "# service\n\nAPP_PORT=eighty\nAPP_SEED=one\n"
    told = str(caught(lambda: load(subject, lab, lines, {"APP_DEBUG": "maybe"}, rate="fast"), "four mistakes"))
    for words in (":3", ":4", "APP_DEBUG", "rate", "APP_NAME"):
        if words not in told:
            raise ContractBroken(f"{words!r} is not in {told[:200]!r}; expected every mistake with its place")


@CHECKS.check(
    Level.EDGE,
    rule="In a .env a name with the prefix that no setting has is a mistake; other names are others' business.",
    why="APP_PROT=9090 is silently no setting, and the server listens on the default port.",
    hint="Compare the names that begin with the prefix with those of the schema.",
    after=["the_later_source_wins"],
)
def a_misspelt_name_is_told(subject: Any, lab: Lab) -> None:
    """One of ours, one of somebody else's; an argument."""
    lines = "APP_NAME=a\nCOMPOSE_PROJECT=b\n"
    expect(load(subject, lab, lines).name, "a", "name beside a variable of another program")
    expect_refusal(lambda: load(subject, lab, lines + "APP_PROT=9\n"), "APP_PROT", "a .env with APP_PROT")
    expect_refusal(lambda: load(subject, lab, "APP_NAME=a\n", prot=9), "prot", "the argument prot")


@CHECKS.check(
    Level.FAULT,
    rule="A line that cannot be read is told by its number, and its text is not shown.",
    why="Such a line is often the second half of a private key, and the error ends in a log that many read.",
    hint="Keep the number of the line in which a value begins; a quote that never closes takes the rest of the file.",
    after=["a_value_may_hold_anything"],
)
def a_bad_line_is_numbered_not_shown(subject: Any, lab: Lab) -> None:
    """No name, text after the quotes, a quote that is never closed; and the lines around it."""
    for line in (f"{_TOKEN}", f"{_TOKEN}!=5", f"KEY='a'{_TOKEN}", f'KEY="{_TOKEN}'):
        text = f"A=1\nB='x\ny'\n{line}\n"
        error = caught(partial(subject.parse_env, text), f"a .env with {line!r}")
        told = str(error)
        if not re.search(r"\b4\b", told):
            raise ContractBroken(f"the error says {told[:100]!r}; expected line 4 to be named")
        expect_hidden("".join(traceback.format_exception(error)), f"the error about the line {line!r}")


@CHECKS.check(
    Level.FAULT,
    rule="A Secret shows its text to reveal() alone: not to repr, str, format, logging, JSON or pickle.",
    why="One logger.info(settings) puts the password of the database into a log that is kept for seven years.",
    hint="A class with __repr__, __str__ and __format__ of its own, and a __reduce__ that raises.",
    after=["the_later_source_wins"],
)
def a_secret_is_never_shown(subject: Any, lab: Lab) -> None:
    """Printed in every way; inside of settings and of their copies."""
    schema = make_dataclass("Keys", [("name", str), ("token", subject.Secret)])
    settings = load(subject, lab, f"APP_NAME=a\nAPP_TOKEN={_TOKEN}\n", schema=schema)
    secret = settings.token
    expect(secret.reveal(), _TOKEN, "what reveal() gives")
    record = logging.LogRecord("app", 20, "app.py", 1, "started with %s and %r", (settings, secret), None)
    for where, text in _shown(settings, secret):
        expect_hidden(text, where)
    expect_hidden(record.getMessage(), "a log")
    expect(copy.deepcopy(settings).token == secret, True, "whether the secret of a copy is the same")
    expect(secret == subject.Secret("another"), False, "whether two different secrets are equal")


def _shown(settings: Any, secret: Any) -> Iterator[tuple[str, str]]:
    yield "repr(settings)", repr(settings)
    yield "repr(secret)", repr(secret)
    yield "str(secret)", str(secret)
    yield "an f-string", f"{secret} {secret!s:>20}"
    yield "asdict(settings)", str(asdict(settings))
    yield "JSON", json.dumps(asdict(settings), default=str)
    try:
        yield "a pickle", pickle.dumps(secret).decode("latin-1")
    except Exception:  # noqa: BLE001 - refusing is as good as masking
        return


@CHECKS.check(
    Level.FAULT,
    rule="No error about settings shows a secret, neither its own text nor in the traceback.",
    why="A typo beside the password is what makes the error; the traceback goes to a service of somebody else.",
    hint="Say 'the value' for a Secret; and raise from None where the error before it quotes the text.",
    after=["a_secret_is_never_shown", "every_mistake_is_told_at_once"],
)
def an_error_shows_no_secret(subject: Any, lab: Lab) -> None:
    """A token beside a wrong port; a list of secrets where there is one that is no text."""
    schema = make_dataclass("Keys", [("port", int), ("token", subject.Secret)])
    environ = {"APP_PORT": "eighty", "APP_TOKEN": _TOKEN}
    wrong = (
        lambda: load(subject, lab, environ=environ, schema=schema),
        lambda: load(subject, lab, schema=schema, port=1, token=[_TOKEN]),
    )
    for act in wrong:
        error = caught(act, "a wrong setting beside a secret")
        expect_hidden("".join(traceback.format_exception(error)), "the error, or one behind it")
    expect_refusal(wrong[1], "token", "a list for a secret")


@CHECKS.check(
    Level.FAULT,
    rule="Loading changes nothing, neither os.environ nor the file; a second load sees what was changed since.",
    why="A .env that is put into os.environ is inherited by every child, and outlives the line that was removed.",
    hint="Give the values of the file straight to the settings; never assign to os.environ, keep no cache.",
    after=["the_later_source_wins"],
)
def loading_changes_nothing(subject: Any, lab: Lab) -> None:
    """Twice the same, then another value, then none."""
    path = lab.folder / ".env"
    with _environment_kept():
        for port, expected in (("1", 1), ("1", 1), ("2", 2), (None, 8080)):
            text = "APP_NAME=a\n" + (f"APP_PORT={port}\n" if port else "")
            path.write_text(text, encoding="utf-8")
            settings = subject.load_settings(Service, env_file=path, prefix="APP_")
            expect(settings.port, expected, f"port while the .env says {port}")
            expect(path.read_text(encoding="utf-8"), text, "the .env afterwards")


@contextmanager
def _environment_kept() -> Iterator[None]:
    """Break the contract if the block changes os.environ; put it back in any case."""
    before = dict(os.environ)
    try:
        yield
        changed = sorted(name for name in {*os.environ, *before} if os.environ.get(name) != before.get(name))
    finally:
        os.environ.clear()
        os.environ.update(before)
    if changed:
        raise ContractBroken(f"os.environ has changed: {', '.join(changed)}; expected it as it was")
