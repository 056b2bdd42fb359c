"""The documentation is run: each page's Python as one session, each shown output compared, each command looked for."""

import re

import page_commands
import page_session
import pages
import pytest

pytestmark = pytest.mark.e2e

ROOT = pages.ROOT
PAGES = sorted((ROOT / "docs").glob("*.md"))
READ = [ROOT / "README.md", *PAGES]
# The exercises' pages have tests of their own; what else lies beside them is read here.
BESIDE = sorted((ROOT / "src/groundwork/course/exercises").glob("[!0-9]*/*.md"))
ALL = [*READ, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "examples").rglob("*.md")), *BESIDE]
LINK = re.compile(r"\]\((?!https?:)(?P<path>[^)#\s]*)(?:#(?P<anchor>[^)\s]+))?\)")


def name_of(page):
    return page.relative_to(ROOT).with_suffix("").as_posix()


@pytest.mark.parametrize("page", [page for page in ALL if pages.session_of(page)], ids=name_of)
def test_a_page_pasted_literally_prints_what_it_shows(page, tmp_path, groundwork_run):
    if any("examples/" in block.code for block in pages.session_of(page)):
        page_session.link_examples(tmp_path)

    untrue = page_session.untrue(page, tmp_path, groundwork_run)

    assert not untrue, untrue


@pytest.mark.parametrize("page", ALL, ids=name_of)
def test_each_block_is_run_or_parsed_or_says_why_not(page):
    wrong = []
    for block in pages.blocks_of(page):
        try:
            page_commands.looked_at(block, ROOT)
        except Exception as error:  # whatever is wrong with a block belongs into the list
            wrong.append(f"{page.name}:{block.line}: {type(error).__name__}: {error}")

    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("page", ALL, ids=name_of)
def test_the_commands_in_its_sentences_are_there(page):
    assert not page_commands.unknown_in(page)


@pytest.mark.parametrize("page", ALL, ids=name_of)
def test_a_link_leads_to_a_file_and_a_heading_that_exist(page):
    broken = []
    for link in LINK.finditer(page.read_text(encoding="utf-8")):
        target = (page.parent / link["path"]).resolve() if link["path"] else page
        if not target.exists() or (link["anchor"] and link["anchor"] not in anchors(target)):
            broken.append(link[0])

    assert not broken


NAMED = re.compile(r"(?<![\w/.-])(?:benchmarks|docs|examples|tests)/[\w./-]+?\.(?:in|json|lock|md|py|toml|yaml)\b")


def test_the_files_that_the_pages_name_are_there():
    texts = {
        page: page.read_text(encoding="utf-8") for page in [*ALL, *ROOT.glob("src/groundwork/course/exercises/*/*.md")]
    }

    missing = {
        (page.name, name) for page, text in texts.items() for name in NAMED.findall(text) if not (ROOT / name).exists()
    }

    assert not missing


def anchors(page):
    """Name the headings as the usual renderers do."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_commands_are_found_at_all():
    assert {"groundwork run", "groundwork env check", "groundwork learn hint"} <= set(page_commands.COMMANDS)
    assert "--set" in page_commands.options_of(page_commands.COMMANDS["groundwork run"])


@pytest.mark.parametrize("command", page_commands.COMMANDS)
def test_a_command_and_each_of_its_options_are_documented(command):
    lines = [line for page in READ for line in page.read_text(encoding="utf-8").splitlines()]

    about = [line for line in lines if re.search(rf"\b{command}\b", line)]

    assert about, f"{command} is documented nowhere"
    options = page_commands.options_of(page_commands.COMMANDS[command])
    missing = [name for name in options if not re.search(rf"{name}(?![\w-])", "\n".join(about))]
    assert not missing, f"no line that names {command} names its options {', '.join(missing)}"


PAGE = """
<!-- run
limit = 3
-->

```python
print(limit)
```

```
{shown}
```

<!-- fails: {failure} -->
```python
{faulty}
```

```python
print(await __import__("asyncio").sleep(0, "slept"))
```

```
slept
```
"""


@pytest.mark.parametrize(
    ("shown", "failure", "faulty", "verdict"),
    [
        ("3", "LookupError", "[][0]", "fine"),
        ("4", "LookupError", "[][0]", "page.md:7:\n- 4\n+ 3"),
        ("3", "LookupError", "1 / 0", "ZeroDivisionError"),
        ("3", "LookupError", "limit", "page.md:16: fails with LookupError, it says, and does not"),
    ],
)
def test_a_page_that_is_untrue_is_found(tmp_path, shown, failure, faulty, verdict):
    page = tmp_path / "page.md"
    page.write_text(PAGE.format(shown=shown, failure=failure, faulty=faulty), encoding="utf-8")

    try:
        found = page_session.untrue(page, tmp_path, None) or "fine"
    except AssertionError as error:
        found = str(error)

    assert verdict in found
