"""Pages of documentation, run: each block's output beside what the page shows.

As a program it writes anew what pages show: ``python tests/e2e/page_session.py docs/course.md README.md``.
"""

import contextlib
import difflib
import glob
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "integration"))
from forks import Forks
from pages import PROMPT, ROOT, Block, prompted, session_of

PATIENCE_S = 600
LARGE_BYTES = 1_000_000

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


if __name__ == "__main__":
    for name in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as folder, contextlib.closing(Commands()) as run:
            link_examples(Path(folder))
            found = different(Path(name).resolve(), Path(folder), run)
        rewrite(Path(name), found)
        print(f"{name}: {len(found)} blocks written anew")
