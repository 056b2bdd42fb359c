"""Pages of documentation as things to run: their blocks, their sessions, and the commands that they name.

How an author marks a block stands in CONTRIBUTING.md; what is not marked runs.
"""

import ast
import difflib
import json
import re
import shlex
import subprocess
import sys
import tomllib
from dataclasses import dataclass

import typer
import yaml

from groundwork.cli._main import app

PATIENCE_S = 600

# An invisible comment right above a block says what becomes of it; one that begins with a line "run" is itself a block.
BLOCK = re.compile(
    r"^(?:<!-- (?P<mark>not run|fails): (?P<note>[^\n]+?) -->\n)?"
    r"(?:```(?P<language>\w*)\n(?P<code>.*?)^```\n(?:\n```\n(?P<shown>.*?)^```\n)?"
    r"|<!-- run\n(?P<hidden>.*?)^-->\n)",
    re.DOTALL | re.MULTILINE,
)
INDENTED = re.compile(
    r"(?<=\n\n)(?:<!-- (?P<mark>not run): (?P<note>[^\n]+?) -->\n\n?)?(?P<code>(?:    [^\n]*\n|\n(?=    ))+)"
)

# Runs in a process of its own, so that no page sees what another has imported, patched or left open. Lines of a block
# stand where they stand in the page, so a traceback names the page's line. It may await, as in `python -m asyncio`.
SESSION = """
import ast, asyncio, json, sys, types

def fails(error, name):
    return name in [each.__name__ for each in type(error).__mro__]

page, blocks = json.load(sys.stdin)
sys.modules["__main__"] = types.ModuleType("__main__")
names = vars(sys.modules["__main__"])
sys.path.insert(0, "")
with asyncio.Runner() as runner:
    for line, source, failure in blocks:
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
    def failure(self):
        return self.note if self.mark == "fails" else None

    def compiles(self):
        return compile(self.code, f"line {self.line}", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


def blocks_of(page):
    """List the fenced blocks of a page, and its invisible ones, as they come."""
    text = page.read_text(encoding="utf-8")
    found = []
    for each in BLOCK.finditer(text):
        hidden = each["hidden"] is not None
        place = each.start("hidden" if hidden else "code")
        found.append(
            Block(
                line=text.count("\n", 0, place) + 1,
                language="python" if hidden else each["language"],
                code=each["hidden"] if hidden else each["code"],
                shown=each["shown"] or "",
                mark=each["mark"],
                note=each["note"],
                hidden=hidden,
            )
        )
    return found


def session_of(page):
    """List the blocks of a page that are run: its Python that nothing keeps."""
    return [block for block in blocks_of(page) if block.language == "python" and not block.kept]


def indented_of(page):
    """List the blocks that are set off by four spaces."""
    text = without_fences(page.read_text(encoding="utf-8"))
    return [
        Block(
            line=text.count("\n", 0, each.start("code")) + 1,
            language="",
            code=re.sub(r"^    ", "", each["code"], flags=re.MULTILINE),
            mark=each["mark"],
            note=each["note"],
        )
        for each in INDENTED.finditer(text)
    ]


def without_fences(text):
    """Blank out the fenced blocks and the comments; lines keep their numbers."""
    pattern = r"^```.*?^```$|<!-- run\n.*?-->"
    return re.sub(pattern, lambda each: "\n" * each[0].count("\n"), text, flags=re.DOTALL | re.MULTILINE)


def printed(page, blocks, folder, patience_s=PATIENCE_S):
    """Run the Python of a page in one session; return what each block printed."""
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-W", "error", "-c", SESSION],
        cwd=folder,
        input=json.dumps((str(page), [(block.line, block.code, block.failure) for block in blocks])),
        capture_output=True,
        encoding="utf-8",
        timeout=patience_s,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split("\0")[:-1]


def differences(page, blocks, outputs):
    """Compare what the blocks printed with what the page shows."""
    return "\n\n".join(
        f"{page.name}:{block.line}:\n" + "\n".join(difflib.ndiff(block.shown.splitlines(), output.splitlines()))
        for block, output in zip(blocks, outputs, strict=True)
        if block.shown != output
    )


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


def looked_at(block, starter=None):
    """Find out whether a block is what it says, without running it: Python that compiles, data, commands, or text."""
    if block.language == "python":
        block.compiles()
    elif block.language == "toml":
        tomllib.loads(block.code)
    elif block.language == "json":
        json.loads(block.code)
    elif block.language == "yaml":
        yaml.safe_load(block.code)
    elif block.language != "text" and not block.kept:
        for line in block.code.splitlines():
            looked_at_line(line.removeprefix("$ "), starter)


def looked_at_line(line, starter):
    words = shlex.split(line, comments=True)
    if words[:1] == ["groundwork"]:
        understood(line)
    elif words[:2] == ["python", "measure.py"]:
        source = (starter / "measure.py").read_text(encoding="utf-8")
        for word in words[2:]:
            if not re.search(rf'"{re.escape(word)}"|\bmeasure_{re.escape(word)}\b', source):
                raise LookupError(f"measure.py has no {word!r}")
    elif words[:3] == ["python", "-m", "pytest"]:
        missing = [word for word in words[3:] if not word.startswith("-") and not (starter / word).is_file()]
        if missing:
            raise LookupError(f"there is no {missing[0]}")
    elif words:
        raise LookupError(f"{line!r} is no command that is known; say what it is, or why it is not run")
