"""The command of an exercise's measurements: which parts, and their tables."""

import argparse
import subprocess
import sys

import pytest

from groundwork.course import print_measurements


def fast():
    """Do nothing, 20 % of the time."""
    return "ms | rows | what", [("nothing", 0.123456, 1000, "yes"), ("less", 1234.5, 7, None)]


def slow():
    """Wait."""
    return "s", [("a wait", 2.0)]


def unwritten():
    """Measure what the learner has not written."""
    raise NotImplementedError("split")


PARTS = {"fast": fast, "unwritten": unwritten, "slow": slow}


@pytest.fixture
def typed(monkeypatch, capsys):
    def printed(*words, **named):
        monkeypatch.setattr(sys, "argv", ["measure.py", *words])
        print_measurements(PARTS, about="What waiting costs.\n\n    python measure.py slow", **named)
        return capsys.readouterr().out

    return printed


def test_a_part_is_its_sentence_and_a_table_below_the_python_that_measured(typed):
    head, *lines = typed("fast").splitlines()

    assert head.startswith(f"Python {sys.version.split()[0]}, {sys.platform}, ")
    assert lines == [
        "",
        "fast: Do nothing, 20 % of the time.",
        "| | ms | rows | what |",
        "|---|---|---|---|",
        "| nothing | 0.123 | 1,000 | yes |",
        "| less | 1,234 | 7 | None |",
        "",
    ]


def test_without_a_name_every_part_is_measured_and_what_is_not_written_is_named(typed):
    lines = typed().splitlines()

    assert [line.split(":")[0] for line in lines if ": " in line] == ["fast", "unwritten", "| not written yet", "slow"]
    assert "| not written yet: split |" in lines


def test_parts_come_in_the_order_in_which_they_are_typed_with_options_among_them(typed):
    lines = typed("slow", "--quick", "fast").splitlines()

    assert [line.split(":")[0] for line in lines if ": " in line] == ["slow", "fast"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["fast", "fats"], "there is no part 'fats'; there are fast, unwritten, slow"),
        (["--yours"], "unrecognized arguments: --yours"),
        (["--qui"], "unrecognized arguments: --qui"),
    ],
)
def test_what_there_is_not_ends_with_code_2_before_anything_is_measured(typed, capsys, words, told):
    with pytest.raises(SystemExit) as ended:
        typed(*words)

    printed = capsys.readouterr()
    assert (2, "") == (ended.value.code, printed.out)
    assert told in printed.err


def test_options_of_its_own_are_taken_and_told(typed, capsys):
    own = argparse.ArgumentParser(add_help=False)
    own.add_argument("--yours", action="store_true", help="measure your file")

    measured = typed("--yours", "slow", options=own)
    with pytest.raises(SystemExit) as ended:
        typed("--help", options=own)

    helped = capsys.readouterr().out
    assert "| a wait | 2 |" in measured
    assert 0 == ended.value.code
    for words in (
        "What waiting costs.\n\n    python measure.py slow\n",
        "measure your file",
        "--quick",
        "Do nothing, 20 %",
    ):
        assert words in helped


def test_importing_it_loads_no_other_part_of_groundwork():
    code = "import sys, groundwork.course as course; course.print_measurements; print(*sorted(sys.modules))"

    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()

    ours = [name for name in loaded if name.startswith("groundwork.")]
    assert ours == [
        "groundwork._doors",
        "groundwork.course",
        "groundwork.course._door",
        "groundwork.course._measurements",
    ]
