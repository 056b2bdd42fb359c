"""Pages of documentation as blocks: what each is, and what its author says of it.

How an author marks a block stands in CONTRIBUTING.md; what is not marked runs.
"""

import ast
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

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
