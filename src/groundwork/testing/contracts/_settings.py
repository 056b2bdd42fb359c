"""The contract of ``load_settings``: which source wins, and what a text becomes.

The subject offers ``parse_env(text)``, ``format_env(values)``, ``Secret(text)`` with ``reveal()``, and
``load_settings(schema, *, env_file, environ, prefix, arguments)``, where the schema is a dataclass.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing._contract import Contract, Level
from groundwork.testing._lab import Lab
from groundwork.testing.contracts._failures import expect
from groundwork.testing.contracts._values import expect_refusal

CHECKS = Contract("environment/settings")


@dataclass
class Service:
    """What a server wants to be told."""

    name: str
    port: int = 8080
    debug: bool = True
    rate: float = 0.5
    data: Path = Path("data")
    tags: list[str] = field(default_factory=list)
    seed: int | None = 7


def load(
    subject: Any,
    lab: Lab,
    lines: str | None = "",
    environ: Mapping[str, str] | None = None,
    *,
    schema: Any = Service,
    **arguments: Any,
) -> Any:
    """Load settings of a .env (with None of none), variables and arguments; every name begins with APP_."""
    path = lab.folder / ".env"
    if lines is not None:
        path.write_text(lines, encoding="utf-8", newline="")
    return subject.load_settings(
        schema, env_file=path, environ=environ or {}, prefix="APP_", arguments=arguments or None
    )


@CHECKS.check(
    Level.BASIC,
    rule="A .env gives text by name; empty lines and comments give nothing.",
    why="A file that a shell, Docker and an editor read alike is where settings are put in nearly every project.",
    hint="Line by line: strip it, pass over what is empty or begins with #, then partition('=').",
)
def a_dotenv_gives_values_by_name(subject: Any, lab: Lab) -> None:
    """Spaces, a comment, an empty value, the last of two."""
    text = "# where it listens\nHOST=0.0.0.0\n\n  PORT = 8080\nEMPTY=\nURL=http://a.b/?x=1&y=2\nPORT=9090\n"
    expected = {"HOST": "0.0.0.0", "PORT": "9090", "EMPTY": "", "URL": "http://a.b/?x=1&y=2"}  # noqa: S104 - a text
    expect(subject.parse_env(text), expected, "values of a plain .env")
    expect(subject.parse_env(""), {}, "values of an empty .env")


@CHECKS.check(
    Level.BASIC,
    rule="The later source wins: defaults, .env, environment, arguments.",
    why="Whoever sets a variable for one start must not have to find out which file overrules it.",
    hint="One dict of raw values by setting; let each source overwrite what the ones before it put there.",
    after=["a_dotenv_gives_values_by_name"],
)
def the_later_source_wins(subject: Any, lab: Lab) -> None:
    """One setting of each source; None is an argument that was not given."""
    lines = "APP_NAME=file\nAPP_PORT=1\nAPP_RATE=0.1\n"
    environ = {"APP_PORT": "2", "APP_RATE": "0.2", "PORT": "9", "PATH": "/bin"}
    settings = load(subject, lab, lines, environ, rate=0.3, port=None)
    found = (settings.name, settings.port, settings.rate, settings.data)
    expect(found, ("file", 2, 0.3, Path("data")), "name of .env, port of the environment, rate given, data by default")
    expect(type(settings), Service, "type of what comes back")


@CHECKS.check(
    Level.BASIC,
    rule="A text becomes what the type of its setting says.",
    why="bool('False') is True: the debug page was on in production for a year because DEBUG=False was set.",
    hint="A table from type to the function that reads it; for bool look the word up, without regard to case.",
    after=["the_later_source_wins"],
)
def text_becomes_what_the_type_says(subject: Any, lab: Lab) -> None:
    """Eight words for true and false, numbers, a path, a list."""
    words = {"False": False, "0": False, "no": False, "OFF": False, "true": True, "1": True, "Yes": True, "on": True}
    for word, meaning in words.items():
        settings = load(subject, lab, environ={"APP_NAME": "a", "APP_DEBUG": word})
        if settings.debug is not meaning:
            raise ContractBroken(f"debug with APP_DEBUG={word}: found {settings.debug!r}; expected {meaning}")
    environ = {"APP_NAME": "12", "APP_PORT": "80", "APP_RATE": "1e-4", "APP_DATA": "/data", "APP_TAGS": "a, b"}
    settings = load(subject, lab, environ=environ)
    found = (settings.name, settings.port, settings.rate, settings.data, settings.tags)
    expect(found, ("12", 80, 0.0001, Path("/data"), ["a", "b"]), "name, port, rate, data, tags")
    expect([type(each) for each in found[:3]], [str, int, float], "types of name, port, rate")


@CHECKS.check(
    Level.EDGE,
    rule="What does not fit is refused with the name of its variable; nothing is bent.",
    why="int(float('8.5')) starts a server on port 8, and nobody knows why.",
    hint="Catch the ValueError of the reader and raise one that says which variable, which value, what was wanted.",
    after=["text_becomes_what_the_type_says"],
)
def what_does_not_fit_is_refused(subject: Any, lab: Lab) -> None:
    """Words that are neither, numbers that are none, nothing at all; an argument of another type."""
    wrong = ("APP_DEBUG=maybe", "APP_PORT=8.5", "APP_PORT=", "APP_RATE=fast", "APP_DATA=")
    for name, text in (one.split("=") for one in wrong):
        given = {"APP_NAME": "a", name: text}
        expect_refusal(partial(load, subject, lab, environ=given), name, f"{name}={text!r}")
    environ = {"APP_NAME": "a"}
    expect_refusal(lambda: load(subject, lab, environ=environ, port=True), "port", "the argument port=True")
    expect_refusal(lambda: load(subject, lab, environ=environ, debug="perhaps"), "debug", "the argument debug=perhaps")


@CHECKS.check(
    Level.EDGE,
    rule="An empty variable is None where None is allowed.",
    why="A variable cannot be unset in a .env or a compose file; emptying it is how people say that they want none.",
    hint="typing.get_args(int | None) has the two types; look for an empty text before you read the other.",
    after=["text_becomes_what_the_type_says"],
)
def empty_is_none_where_none_is_allowed(subject: Any, lab: Lab) -> None:
    """An empty seed, a seed, none given."""
    for environ, expected in (({"APP_SEED": ""}, None), ({"APP_SEED": "3"}, 3), ({}, 7)):
        settings = load(subject, lab, environ={"APP_NAME": "a", **environ})
        expect(settings.seed, expected, f"seed: int | None = 7 with {environ or 'no variable'}")


@CHECKS.check(
    Level.EDGE,
    rule="A value may hold anything: quotes keep spaces, # and line ends, and nothing is expanded.",
    why="A password with a # in it was cut off, one with $ was taken for a variable, and the log-in failed at night.",
    hint="Read quoted values letter by letter; without quotes a comment begins only at a # after a space.",
    after=["a_dotenv_gives_values_by_name"],
)
def a_value_may_hold_anything(subject: Any, lab: Lab) -> None:
    """As a Windows editor writes it, too."""
    lines = {
        "PASSWORD=ab#cd": "ab#cd",
        "HOST=db # the old one": "db",
        "export USER=me": "me",
        "QUOTED=' a # b '": " a # b ",
        'ESCAPED="a\\nb \\"c\\" \\\\ \\d"': 'a\nb "c" \\ \\d',
        "RAW='a\\nb'": "a\\nb",
        'KEY="one\ntwo=2"': "one\ntwo=2",
        'EXPAND="$HOME/${USER}"': "$HOME/${USER}",
        "PLAIN=$HOME": "$HOME",
        'SPACED="x"  # why': "x",
        "WORDS=two words": "two words",
        "UNICODE=naïve π": "naïve π",
    }

    def holds(some: list[str]) -> None:
        text = "\n".join(some) + "\n"
        found = subject.parse_env(text)
        for line in some:
            name = line.partition("=")[0].removeprefix("export ")
            expect(found.get(name), lines[line], f"{name} of {line!r}")

    lab.smallest(list(lines), holds)
    expect(subject.parse_env("\ufeffA=1\r\nB='2'\r\n"), {"A": "1", "B": "2"}, "values with a BOM and CRLF")


@CHECKS.check(
    Level.EDGE,
    rule="What format_env writes, parse_env reads back, whatever it is.",
    why="A tool that writes a .env and cannot read it back has lost somebody's key, and nobody has another.",
    hint="Put every value into double quotes and escape what double quotes read: backslash, quote, line end.",
    after=["a_value_may_hold_anything"],
)
def what_is_written_is_read_back(subject: Any, lab: Lab) -> None:
    """All short texts of the letters that make trouble, by chance; names and values that no .env can hold."""
    letters = "a \n\r\t'\"\\$#`=é"
    texts = ["".join(lab.random.choices(letters, k=lab.random.randrange(6))) for _ in range(300)]

    def holds(some: list[str]) -> None:
        values = {f"NAME_{nth}": text for nth, text in enumerate(some)}
        written = subject.format_env(values)
        found = subject.parse_env(written)
        for name, text in values.items():
            expect(
                found.get(name),
                text,
                f"{text!r}, written as {written!r} and read" if len(some) == 1 else f"{text!r}, written and read",
            )

    lab.smallest([*letters, "'\"", "\\n", "", *texts], holds)
    for name, text in {"TWO WORDS": "a", "": "a", "A=B": "a", "NUL": "\0"}.items():
        expect_refusal(partial(subject.format_env, {name: text}), "", f"writing {name!r} = {text!r}")
