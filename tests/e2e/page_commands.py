"""What pages of documentation say of commands, files and configurations, looked up without running it."""

import io
import json
import re
import shlex
import tomllib
from typing import Annotated

import typer
from pages import PROMPT, SPAN, blocks_of, prompted, without_fences
from pydantic import TypeAdapter

from groundwork.cli._main import app
from groundwork.project import ProjectConfig
from groundwork.project._serve_config import ServeConfig
from groundwork.storage._codecs import read_yaml


def commands(command, path=()):
    """List what can be typed: the path of each command, and the command."""
    yield " ".join(("groundwork", *path)), command
    for name, each in getattr(command, "commands", {}).items():
        yield from commands(each, (*path, name))


GROUNDWORK = typer.main.get_command(app)
COMMANDS = dict(commands(GROUNDWORK))


def options_of(command):
    """List the options of a command, without ``--help``."""
    options = [option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)]
    return [option for option in options if option.startswith("--") and option != "--help"]


def understood(line):
    """Have the command line parse what a page tells the reader to type; run nothing.

    Returns its command and its values by parameter. What cannot be typed raises, as click raises it.
    """
    words = shlex.split(line, comments=True)
    assert words[0] == "groundwork"
    command, path = GROUNDWORK, ["groundwork"]
    rest = words[1:]
    while rest and rest[0] in getattr(command, "commands", {}):
        path.append(rest[0])
        command = command.commands[rest.pop(0)]
    if rest and hasattr(command, "commands") and not rest[0].startswith("-"):
        raise LookupError(f"{' '.join(path)} has no command {rest[0]!r}")
    if "--help" in rest:
        return " ".join(path), {}
    return " ".join(path), command.make_context(path[-1], rest).params


def named(span):
    """Look up what a sentence says of a command: it must be there, and have the options; it need not be complete.

    A word in capitals, or with brackets or dots, stands for something.
    """
    words = span.split()
    command = GROUNDWORK
    for number, word in enumerate(words[1:], 1):
        if not hasattr(command, "commands") or not word.islower() or not word.isalpha():
            break
        if word not in command.commands:
            raise LookupError(f"{' '.join(words[:number])} has no command {word!r}")
        command = command.commands[word]
    for option in re.findall(r"(?<![\w-])--[a-z][\w-]*", span):
        if option not in (*options_of(command), "--help"):
            raise LookupError(f"{option} is no option there")


def typed(page):
    """List the groundwork commands that stand in a page's blocks."""
    blocks = [block for block in blocks_of(page) if not block.language]
    lines = [line.removeprefix(PROMPT) for block in blocks for line in block.code.splitlines()]
    return [line for line in lines if line.startswith("groundwork ")]


def unknown_in(page):
    """List the commands in a page's sentences that are not there."""
    wrong = []
    for span in SPAN.findall(without_fences(page.read_text(encoding="utf-8"))):
        if span.startswith("groundwork "):
            try:
                named(span)
            except LookupError as error:
                wrong.append(f"{' '.join(span.split())}: {error}")
    return wrong


def looked_at(block, place=None):
    """Find out whether a block is what it says, without running it: Python that compiles, data, commands, or text.

    ``place`` is the folder in which commands would be typed.
    """
    if block.language == "python":
        block.compiles()
    elif block.language == "toml":
        tomllib.loads(block.code)
    elif block.language == "json":
        json.loads(block.code)
    elif block.language == "yaml":
        file = io.BytesIO(block.code.encode())
        file.name = f"line {block.line}"
        configured(read_yaml(file))
    elif block.language not in ("", "console", "bash", "text"):
        raise LookupError(f"what is {block.language}?")
    elif block.prompts:
        for command, _ in prompted(block.code):
            looked_at_line(command, place, block.kept)
    elif block.language != "text" and not block.kept:
        for line in block.code.splitlines():
            looked_at_line(line, place)


def configured(told):
    """Hold a piece of pipeline.yaml or serve.yaml, as its keys say, against what it may hold."""
    config = next((each for each in (ProjectConfig, ServeConfig) if set(told) <= keys(each)), None)
    if config is None:
        raise LookupError(f"no configuration has all of {', '.join(told)}")
    for name, field in config.model_fields.items():
        if (field.alias or name) in told:
            TypeAdapter(Annotated[field.annotation, "", *field.metadata]).validate_python(
                whole_digests(told[field.alias or name])
            )


def whole_digests(value):
    """Fill up the digests that a page cuts short: ``b6b5560e...``."""
    if isinstance(value, dict):
        return {key: whole_digests(each) for key, each in value.items()}
    if isinstance(value, str) and re.fullmatch(r"[0-9a-f]+\.\.\.", value):
        return value.removesuffix("...").ljust(64, "0")
    return value


def keys(config):
    return {field.alias or name for name, field in config.model_fields.items()}


def looked_at_line(line, place, kept=False):
    words = shlex.split(line, comments=True)
    if words[:1] == ["groundwork"]:
        understood(line.partition(" > ")[0])
    elif words[:2] == ["python", "measure.py"]:
        source = (place / "measure.py").read_text(encoding="utf-8")
        for word in words[2:]:
            if f'"{word}"' not in source:
                raise LookupError(f"measure.py has no {word!r}")
    elif words[:3] == ["python", "-m", "pytest"]:
        missing = [word for word in words[3:] if not word.startswith("-") and not (place / word).is_file()]
        if missing:
            raise LookupError(f"there is no {missing[0]}")
    elif words[:2] == ["python3", "bootstrap.py"]:
        looked_at_bootstrap(words[2:], place)
    elif words[:1] == [".venv/bin/python"] and words[1].startswith("benchmarks/"):
        source = (place / words[1]).read_text(encoding="utf-8")
        for option in words[2:]:
            if option.startswith("--") and option not in source:
                raise LookupError(f"{words[1]} has no {option}")
    elif words and words[0] != "curl" and not kept:
        raise LookupError(f"{line!r} is no command that is known; say what it is, or why it is not run")


def looked_at_bootstrap(words, place):
    if words[0] in ("setup", "tool"):
        return
    if words[0] != "test":
        understood(shlex.join(["groundwork", *words]))
    for word in words[1:]:
        if word.startswith("tests/") and not (place / word).exists():
            raise LookupError(f"there is no {word}")
