"""The documentation is run: each page's Python as one session, each shown output compared, each command looked for."""

import difflib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from groundwork.cli._main import app

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs").glob("*.md"))
READ = [ROOT / "README.md", *PAGES]
PATIENCE_S = 600

# A block may be kept from running by a comment right above it, which is invisible to readers and says why.
BLOCK = re.compile(
    r"^(?P<kept><!-- not run: [^\n]+ -->\n)?```python\n(?P<code>.*?)^```\n(?:\n```\n(?P<shown>.*?)^```\n)?",
    re.DOTALL | re.MULTILINE,
)
SHOWN_ALONE = re.compile(r"^```\n(?P<shown>.*?)^```\n", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:)(?P<path>[^)#\s]*)(?:#(?P<anchor>[^)\s]+))?\)")

# Runs in a process of its own, so that no page sees what another has imported, patched or left open. The blocks come
# as one script each; lines of a block stand where they stand in the page, so a traceback names the page's line.
SESSION = """
import sys
from pathlib import Path
names = {"__name__": "__main__"}
for path in map(Path, sys.argv[2:]):
    exec(compile(path.read_text(encoding="utf-8"), sys.argv[1], "exec"), names)
    print("\\0", end="", flush=True)
"""


class Example:
    """One Python block of a page, and what the page shows below it."""

    def __init__(self, text, found):
        self.code = found["code"]
        self.shown = found["shown"] or ""
        self.kept = found["kept"] is not None
        self.line = text.count("\n", 0, found.start("code")) + 1


def examples(page):
    text = page.read_text(encoding="utf-8")
    return [Example(text, found) for found in BLOCK.finditer(text)]


def printed(page, blocks, folder):
    """Run the blocks one after the other, in one namespace; return what each printed."""
    scripts = []
    for number, block in enumerate(blocks):
        scripts.append(folder / f"block-{number}.py")
        scripts[-1].write_text("\n" * (block.line - 1) + block.code, encoding="utf-8")
    if any("examples/" in block.code for block in blocks):
        link_examples(folder)
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-W", "error", "-c", SESSION, str(page), *map(str, scripts)],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split("\0")[:-1]


def link_examples(folder):
    """Make the examples reachable as from the root of a clone, without a copy of the data where the system can."""
    for path in (ROOT / "examples").rglob("*"):
        place = folder / path.relative_to(ROOT)
        if path.is_file() and "runs" not in path.parts:
            place.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(path, place)
            except OSError:
                place.write_bytes(path.read_bytes())


@pytest.mark.parametrize("page", [page for page in PAGES if examples(page)], ids=lambda page: page.stem)
def test_a_page_pasted_literally_prints_what_it_shows(page, tmp_path):
    blocks = [block for block in examples(page) if not block.kept]

    outputs = printed(page, blocks, tmp_path)

    differences = [
        f"{page.name}:{block.line}:\n" + "\n".join(difflib.ndiff(block.shown.splitlines(), output.splitlines()))
        for block, output in zip(blocks, outputs, strict=True)
        if block.shown != output
    ]
    assert not differences, "\n\n".join(differences)


@pytest.mark.parametrize("page", READ, ids=lambda page: page.stem)
def test_a_link_leads_to_a_file_and_a_heading_that_exist(page):
    broken = []
    for link in LINK.finditer(page.read_text(encoding="utf-8")):
        target = (page.parent / link["path"]).resolve() if link["path"] else page
        if not target.exists() or (link["anchor"] and link["anchor"] not in anchors(target)):
            broken.append(link[0])

    assert not broken


def anchors(page):
    """Name the headings as the usual renderers do."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def commands(command, path=()):
    """List what can be typed: the path of each command, and its options."""
    for name, each in getattr(command, "commands", {}).items():
        yield from commands(each, (*path, name))
    options = [option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)]
    yield (
        " ".join(("groundwork", *path)),
        [option for option in options if option.startswith("--") and option != "--help"],
    )


COMMANDS = dict(commands(typer.main.get_command(app)))


def test_the_commands_are_found_at_all():
    assert {"groundwork run", "groundwork env check", "groundwork learn hint"} <= set(COMMANDS)
    assert "--set" in COMMANDS["groundwork run"]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_and_each_of_its_options_are_documented(command):
    lines = [line for page in READ for line in page.read_text(encoding="utf-8").splitlines()]

    about = [line for line in lines if re.search(rf"\b{command}\b", line)]

    assert about, f"{command} is documented nowhere"
    missing = [name for name in COMMANDS[command] if not re.search(rf"{name}(?![\w-])", "\n".join(about))]
    assert not missing, f"no line that names {command} names its options {', '.join(missing)}"
