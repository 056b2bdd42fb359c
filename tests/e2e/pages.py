"""Pages of documentation as things to run: their blocks, their sessions, and the commands that they name.

How an author marks a block stands in CONTRIBUTING.md; what is not marked runs. As a program it writes anew what pages
show: ``python tests/e2e/pages.py docs/course.md README.md``.
"""

import ast
import contextlib
import difflib
import glob
import io
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import threading
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from pydantic import TypeAdapter

from groundwork.cli._main import app
from groundwork.project import ProjectConfig
from groundwork.project._serve_config import ServeConfig
from groundwork.storage._codecs import read_yaml

sys.path.append(str(Path(__file__).parents[1] / "integration"))
from forks import Forks

ROOT = Path(__file__).parents[2]
PATIENCE_S = 600
LARGE_BYTES = 1_000_000

# An invisible comment right above a block says what becomes of it; one that begins with a line "run" is itself a block.
BLOCK = re.compile(
    r"^(?:<!-- (?P<mark>not run|fails): (?P<note>[^\n]+?) -->\n)?"
    r"(?:```(?P<language>\w*)\n(?P<code>.*?)^```\n|<!-- run\n(?P<hidden>.*?)^-->\n)"
    r"(?:\n```\n(?P<shown>(?!\$ ).*?)^```\n)?",
    re.DOTALL | re.MULTILINE,
)
INDENTED = re.compile(
    r"(?<=\n\n)(?:<!-- (?P<mark>not run): (?P<note>[^\n]+?) -->\n\n)?(?P<code>    [^\n]*\n(?:    [^\n]*\n|\n(?=    ))*)"
)
SPAN = re.compile(r"`([^`]+)`")
PROMPT = "$ "

# Runs in a process of its own, so that no page sees what another has imported, patched or left open. Lines of a block
# stand where they stand in the page, so a traceback names the page's line. It may await, as in `python -m asyncio`.
SESSION = """
import ast, asyncio, json, os, sys, types

def fails(error, name):
    return name in [each.__name__ for each in type(error).__mro__]

requests = os.fdopen(os.dup(0), encoding="utf-8")
os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
page = sys.argv[1]
sys.modules["__main__"] = types.ModuleType("__main__")
names = vars(sys.modules["__main__"])
sys.path.insert(0, "")
with asyncio.Runner() as runner:
    for request in requests:
        line, source, failure = json.loads(request)
        code = compile("\\n" * (line - 1) + source, page, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        try:
            waits = eval(code, names)
            if asyncio.iscoroutine(waits):
                async def wait():
                    await waits
                runner.run(wait())
        except Exception as error:
            if failure is None or not fails(error, failure):
                raise
        else:
            if failure is not None:
                sys.exit(f"{page}:{line}: fails with {failure}, it says, and does not")
        print("\\0", end="", flush=True)
"""


@dataclass(frozen=True)
class Block:
    """A block of a page: what it holds, what the page shows below it, and what its author says of it."""

    line: int
    language: str
    code: str
    shown: str = ""
    mark: str | None = None
    note: str | None = None
    hidden: bool = False

    @property
    def kept(self):
        return self.mark == "not run"

    @property
    def prompts(self):
        return self.language in ("", "console", "bash") and any(
            line.startswith(PROMPT) for line in self.code.splitlines()
        )

    @property
    def runs(self):
        return not self.kept and (self.language == "python" or self.prompts)

    @property
    def failure(self):
        return self.note if self.mark == "fails" else None

    def compiles(self):
        return compile(self.code, f"line {self.line}", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


def blocks_of(page):
    """List the blocks of a page as they come: between fences, set off by four spaces, and the invisible ones."""
    text = page.read_text(encoding="utf-8")
    found = [block_of(each) for each in BLOCK.finditer(text)]
    found += [block_of(each) for each in INDENTED.finditer(without_fences(text))]
    return sorted(found, key=lambda block: block.line)


def block_of(found):
    parts = {"hidden": None, "language": "", "shown": None, **found.groupdict()}
    hidden = parts["hidden"] is not None
    indented = found.re is INDENTED
    code = parts["hidden"] if hidden else parts["code"]
    return Block(
        line=found.string.count("\n", 0, found.start("hidden" if hidden else "code")) + 1,
        language="python" if hidden else parts["language"],
        code=re.sub(r"^    ", "", code, flags=re.MULTILINE) if indented else code,
        shown=parts["shown"] or "",
        mark=parts["mark"],
        note=parts["note"],
        hidden=hidden,
    )


def session_of(page):
    """List the blocks of a page that are run: Python, and commands behind a prompt."""
    return [block for block in blocks_of(page) if block.runs]


def without_fences(text):
    """Blank out the fenced blocks and the comments; lines keep their numbers."""
    pattern = r"^```.*?^```$|<!-- run\n.*?-->"
    return re.sub(pattern, lambda each: "\n" * each[0].count("\n"), text, flags=re.DOTALL | re.MULTILINE)


class Session:
    """A page's Python, block by block, in a process that lives as long as the page is read."""

    def __init__(self, page, folder):
        self.folder = folder
        self.errors = open(folder / "session.err", "w+", encoding="utf-8")
        self.process = subprocess.Popen(
            [sys.executable, "-X", "utf8", "-W", "error", "-c", SESSION, str(page)],
            cwd=folder,
            # One thread is as quick as two where others compute beside it, and never many times as slow.
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
        )
        self.patience = threading.Timer(PATIENCE_S, self.process.kill)
        self.patience.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.patience.cancel()
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(PATIENCE_S)
        self.errors.close()

    def __call__(self, block):
        """Run a block; return what it printed."""
        request = json.dumps((block.line, block.code, block.failure))
        self.process.stdin.write(request.encode() + b"\n")
        self.process.stdin.flush()
        said = b""
        while not said.endswith(b"\0"):
            more = self.process.stdout.read1()
            if not more:
                self.process.wait(PATIENCE_S)
                self.errors.seek(0)
                raise AssertionError(self.errors.read() or f"it ended with {self.process.returncode}")
            said += more
        return said[:-1].decode().replace("\r\n", "\n")


class Commands:
    """Runs commands of groundwork, each as in a process of its own; what they are forks of starts with the first."""

    def __init__(self):
        self.forks = None

    def __call__(self, folder, arguments, *, out, err):
        if not hasattr(os, "fork"):
            with open(out, "ab") as stdout, open(err, "ab") as stderr:
                command = [sys.executable, "-m", "groundwork", *arguments]
                return subprocess.run(command, cwd=folder, stdout=stdout, stderr=stderr, check=False).returncode
        self.forks = self.forks or Forks()
        patience = threading.Timer(PATIENCE_S, self.forks.process.kill)
        patience.start()
        try:
            return self.forks(folder, arguments, out=out, err=err)
        finally:
            patience.cancel()

    def close(self):
        if self.forks:
            self.forks.close()


def prompted(code):
    """Part a block into commands, each with what the page shows below it."""
    found = []
    for line in code.splitlines():
        if line.startswith(PROMPT):
            found.append([line.removeprefix(PROMPT), []])
        elif found and not found[-1][1] and not whole(found[-1][0]):
            found[-1][0] += "\n" + line
        else:
            found[-1][1].append(line)
    return [(command, shown) for command, shown in found]


def whole(command):
    try:
        shlex.split(command)
    except ValueError:  # a quotation that goes on
        return False
    return not command.endswith("\\")


def answered(block, folder, run, session):
    """Run the commands of a block; return what the page should show."""
    lines = []
    for command, shown in prompted(block.code):
        words = shlex.split(command, comments=True)
        if words[0] == "curl":
            asked = Block(block.line, "python", ASK.format(words=words))
            said = session(asked)
            lines += [PROMPT + command, *(shown if json.loads("".join(shown)) == json.loads(said) else [said])]
            continue
        out = folder / "command.out"
        out.write_bytes(b"")
        target = folder / words[words.index(">") + 1] if ">" in words else out
        run(folder, arguments(words[1 : words.index(">")] if ">" in words else words[1:], folder), out=target, err=out)
        said = out.read_text(encoding="utf-8").splitlines()
        lines += [PROMPT + command, *elided(shown, said)]
    return "\n".join(lines) + "\n"


# `curl localhost:8000/PATH -d BODY`, of the server whose address the page's Python calls `address`.
ASK = """
import urllib.error, urllib.request
_, _place, _, _body = {words!r}
_place = "http://" + _place.replace("localhost:8000", address)
try:
    with urllib.request.urlopen(_place, _body.encode(), timeout=60) as _answer:
        print(_answer.read().decode())
except urllib.error.HTTPError as _error:
    with _error:
        print(_error.read().decode())
"""


def arguments(words, folder):
    """Put the files in place of a pattern, as a shell does."""
    return [each for word in words for each in (sorted(glob.glob(word, root_dir=folder)) or [word])]


def elided(shown, said):
    """Put what the page leaves out in place of its dots; give what was said as it was said where the two differ."""
    if len(shown) and any(line.strip() in ("…", "...") for line in shown):
        pattern = "".join(".*" if line.strip() in ("…", "...") else re.escape(plain(line)) + "\n" for line in shown)
        if re.fullmatch(pattern, "".join(plain(line) + "\n" for line in said), re.DOTALL):
            return shown
    same = [plain(line) for line in shown if line] == [plain(line) for line in said if line]
    return shown if same else said


CHANGING = {
    r"\b\d{8}-\d{6}-[0-9a-f]{4}\b": "RUN",
    r"\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\b": "TIME",
    r"\b\d[\d,.]* (?:s|ms|us|min|MB|MiB)\b": "FIGURE",
    r" +": " ",
}


def plain(line):
    """Take out of a line what is another in each run: ids, times of day, durations, memory, the width of columns."""
    for pattern, word in CHANGING.items():
        line = re.sub(pattern, word, line)
    return line.strip()


def link_examples(folder):
    """Make the examples reachable as from the root of a clone, without a copy of large data where the system can."""
    for path in (ROOT / "examples").rglob("*"):
        place = folder / path.relative_to(ROOT)
        if path.is_file() and "runs" not in path.parts:
            place.parent.mkdir(parents=True, exist_ok=True)
            try:
                if path.stat().st_size < LARGE_BYTES:  # which a page may change
                    raise OSError
                os.link(path, place)
            except OSError:
                place.write_bytes(path.read_bytes())


def different(page, folder, run, before=()):
    """Run a page in a folder; list its blocks that print something else than it shows, with both."""
    found = []
    with Session(page, folder) as session:
        for block in before:
            session(block)
        for block in session_of(page):
            expected = block.code if block.prompts else block.shown
            output = answered(block, folder, run, session) if block.prompts else session(block)
            if expected != output:
                found.append((block, expected, output))
    return found


def untrue(page, folder, run, before=()):
    """Say where a page prints something else than it shows."""
    return "\n\n".join(
        f"{page.name}:{block.line}:\n" + "\n".join(difflib.ndiff(expected.splitlines(), output.splitlines()))
        for block, expected, output in different(page, folder, run, before)
    )


def rewrite(page, found):
    """Put what was printed in place of what the page shows."""
    lines = page.read_text(encoding="utf-8").splitlines(keepends=True)
    for block, expected, output in reversed(found):
        first = block.line - 1 if block.prompts else block.line + block.code.count("\n") + 2
        last = first + expected.count("\n")
        indent = "    " if lines[block.line - 1].startswith("    ") else ""
        if not block.prompts and not expected:
            raise LookupError(f"{page.name}:{block.line} prints and shows nothing; put a plain block below it")
        lines[first:last] = [f"{indent}{line}".rstrip() + "\n" for line in output.splitlines()]
    page.write_text("".join(lines), encoding="utf-8")


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
            if not re.search(rf'"{re.escape(word)}"|\bmeasure_{re.escape(word)}\b', source):
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


if __name__ == "__main__":
    for name in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as folder, contextlib.closing(Commands()) as run:
            link_examples(Path(folder))
            found = different(Path(name).resolve(), Path(folder), run)
        rewrite(Path(name), found)
        print(f"{name}: {len(found)} blocks written anew")
