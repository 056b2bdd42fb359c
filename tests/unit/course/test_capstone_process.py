"""What a process of a night reports, and what is said of one that did not get far; nothing is started."""

import json
import sys
from types import ModuleType, SimpleNamespace

import pytest

from groundwork.course._capstone_process import Night, label_of
from groundwork.course._capstone_worker import Report, _fill, _import_all, _laid_over
from groundwork.errors import ContractBroken


@pytest.fixture
def night(tmp_path, monkeypatch):
    """A night whose process is put there by the test."""
    monkeypatch.setattr("groundwork.course._capstone_process.end_group", lambda pid: None)
    night = object.__new__(Night)
    night.folder, night._limit_s, night._ended, night._read, night._facts = tmp_path, 1.0, None, 0, []
    night._report, night._output = tmp_path / "night.jsonl", tmp_path / "night.out"
    night._output.write_bytes(b"")
    night._process = SimpleNamespace(poll=lambda: None, pid=0, kill=lambda: None, wait=lambda: None)
    return night


def tell(night, kind, **facts):
    with open(night._report, "a", encoding="utf-8") as file:
        file.write(json.dumps({"kind": kind, **facts}) + "\n")


def test_facts_are_read_as_they_come_and_half_a_line_is_none(night):
    assert night.told("step") == []
    tell(night, "step", name="flights")
    with open(night._report, "a", encoding="utf-8") as file:
        file.write('nonsense\n[1]\n{"kind": "step", "na')
    assert ["flights"] == [each["name"] for each in night.told("step")]

    with open(night._report, "a", encoding="utf-8") as file:
        file.write('me": "weather"}\n')

    assert "weather" == night.fact("step")["name"]


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            {"module": "storage", "error": "OSError", "detail": "no disk", "line": 3},
            "04 storage.py: raised OSError (line 3): no disk",
        ),
        (
            {"module": "data", "error": "NotImplementedError", "detail": "split", "line": 9},
            "02 data.py: not written yet (line 9): split",
        ),
        (
            {"error": "AttributeError", "detail": "no frame", "text": "frame = data.deduplicate(rows).frame"},
            "02 data.py: raised AttributeError: no frame, where the story says frame = data.deduplicate(rows).frame",
        ),
        (
            {"error": "TypeError", "detail": "nothing", "text": "x = y", "step": "weather"},
            "06 concurrency.py: raised TypeError: nothing, where the story says x = y",
        ),
        ({"error": "TypeError", "detail": "nothing", "text": ""}, "the run: raised TypeError: nothing"),
        ({"module": "intake", "error": "ValueError", "detail": "", "line": 7}, "intake: raised ValueError (line 7)"),
    ],
)
def test_an_error_is_told_with_the_module_that_it_came_from(night, error, sentence):
    tell(night, "error", **error)

    with pytest.raises(ContractBroken) as broken:
        night.fact("weather")

    assert sentence == broken.value.message.removesuffix(": ")


def test_a_night_that_ended_without_a_word_is_told_by_what_it_was_about(night):
    tell(night, "importing", module="storage")
    night._process.poll = lambda: 0
    importing = night.broken().message
    tell(night, "imported")
    nothing = night.broken().message
    tell(night, "step", name="weather")
    night._process.poll = lambda: -9

    assert importing.startswith("04 storage.py: ended the whole process (exit 0)")
    assert nothing.startswith("the run ended the whole process (exit 0)")
    assert night.broken().message.startswith("the run, in its step weather, ended the whole process (signal 9)")


def test_a_night_that_hangs_is_told_by_the_line_that_it_stood_on(night):
    stacks = (
        'Thread 1 (most recent call first):\n  File "/x/time.py", line 1 in sleep\n  File "/x/data.py", line 40 in f\n'
    )
    (night.folder / "night.jsonl.hang").write_text(stacks)

    assert not night.wait(lambda: False, limit_s=0.0)

    assert night.broken().message == "02 data.py: (line 40) did not finish within 0 s; expected it to end"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("descendants", lambda pid: list(range(200)), "ran more than 128 processes at once"),
        ("peak_address_space", lambda pid: 10**12, "GB of memory"),
    ],
)
def test_a_night_that_takes_too_much_is_ended(night, monkeypatch, name, value, sentence):
    killed = []
    night._process.kill = lambda: killed.append(True)
    monkeypatch.setattr(f"groundwork.course._capstone_process.{name}", value)

    assert not night.wait(lambda: False)

    assert killed
    assert sentence in night.broken().message


def test_a_night_that_prints_too_much_is_ended(night):
    with open(night._output, "wb") as file:
        file.truncate(17 * 2**20)

    assert not night.wait(lambda: False)
    assert "printed more than 16 MiB" in night.broken().message
    assert 16 * 1024 == len(night.output())


def test_what_is_not_the_learners_has_its_own_name():
    assert ("04 storage.py", "intake") == (label_of("storage"), label_of("intake"))


@pytest.fixture
def report(tmp_path):
    return Report(str(tmp_path / "report.jsonl"), {str(tmp_path / "storage.py"): "storage"})


def lines(tmp_path):
    return [json.loads(line) for line in (tmp_path / "report.jsonl").read_text().splitlines()]


def raised(path, text):
    path.write_text(text)
    try:
        exec(compile(path.read_text(), str(path), "exec"), {})
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")


def test_an_error_names_the_innermost_file_of_the_learners(report, tmp_path):
    report.error(raised(tmp_path / "storage.py", "x = 1\nraise ValueError('no  disk')\n"), "flights")
    report.error(raised(tmp_path / "other.py", "raise ValueError('x')\n"))

    first, second = lines(tmp_path)
    assert ("storage", 2, "ValueError", "no disk", "flights") == tuple(
        first[name] for name in ("module", "line", "error", "detail", "step")
    )
    assert ("", 0) == (second["module"], second["line"])


def test_an_error_that_is_somebodys_to_see_to_names_that_one(report, tmp_path):
    class Busy(ConnectionError):
        blames = "resilience"

    report.error(Busy("busy"))

    assert "resilience" == lines(tmp_path)[0]["module"]


def test_modules_are_imported_by_their_names_and_each_problem_is_told(report, tmp_path, monkeypatch):
    names = {"whole": ["f"], "lacking": ["g", "h"], "broken": [], "ends": []}
    for name, text in {"whole": "f = 1", "lacking": "h = 1", "broken": "x = (", "ends": "raise SystemExit(3)"}.items():
        (tmp_path / f"{name}.py").write_text(f"{text}\n")
        monkeypatch.setitem(sys.modules, name, ModuleType(name))

    assert not _import_all({name: [str(tmp_path / f"{name}.py")] for name in names}, names, report)

    found = {each["module"]: each for each in lines(tmp_path) if each["kind"] == "unimported"}
    assert ("has no", "g") == (found["lacking"]["error"], found["lacking"]["detail"])
    assert ("raised SyntaxError", 1) == (found["broken"]["error"], found["broken"]["line"])
    assert "raised SystemExit" == found["ends"]["error"]
    assert "whole" not in found
    assert 1 == sys.modules["whole"].f


def test_doors_give_the_names_that_are_wanted_and_no_others():
    one, two, module = ModuleType("one"), ModuleType("two"), ModuleType("both")
    one.read, one.more, two.write = 1, 2, 3

    _fill(module, [one, two], ["read", "write", "none"])

    assert {"read": 1, "write": 3} == {name: value for name, value in vars(module).items() if name[0] != "_"}


def test_what_is_laid_over_another_is_used_by_that_one_too(tmp_path, monkeypatch):
    (tmp_path / "below.py").write_text(
        "class Batcher:\n    size = 1\n\ndef serve():\n    return Batcher.size\n\ndef read():\n    return 'below'\n"
    )
    (tmp_path / "over.py").write_text("class Batcher:\n    size = 2\n\ndef read():\n    return 'over'\n")
    for name in ("_both_over", "_both_below"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))

    module = _laid_over("both", str(tmp_path / "over.py"), str(tmp_path / "below.py"))

    assert (2, "over") == (module.serve(), module.read())
