import json
import signal
import sys

import numpy as np
import polars as pl
import pytest

from groundwork.cli import main

RNG = np.random.default_rng(0)
OUTCOME = RNG.normal(size=200)
ROWS = pl.DataFrame({f"c{i}": np.arange(200) // (20 + i) % 4 for i in range(8)})


@pytest.fixture
def compare(tmp_path, monkeypatch, capsys):
    """``compare("runs/a", "runs/b", …)``: exit code, output, errors."""
    monkeypatch.chdir(tmp_path)
    before = signal.getsignal(signal.SIGTERM)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["groundwork", "compare", "--samples", "50", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return ended.value.code or 0, said.out, said.err

    yield run
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def runs(past_run):
    past_run("good", OUTCOME, OUTCOME + 0.1 * RNG.normal(size=200), rows=ROWS)
    past_run(
        "bad",
        OUTCOME,
        OUTCOME + 2 * RNG.normal(size=200),
        rows=ROWS,
        config={f"k{i}": i for i in range(9)},
    )


def test_one_screen_says_whether_it_is_worse_and_what_was_different(runs, compare):
    code, out, _ = compare("runs/good", "runs/bad")

    lines = out.splitlines()
    assert 0 == code
    assert len(lines) <= 40
    assert lines[0] == "small  good -> bad"
    assert lines[1] == "the same 200 test rows, compared row by row"
    assert lines[2] == "95 % intervals from 50 draws, rows drawn one by one"
    assert lines[-2].startswith("worse beyond noise: r2 0.9")
    assert "and 5 more: --html or --json has them" in out
    assert "environment    the same" in out


def test_fail_if_worse_exits_1_only_for_a_worse_figure(runs, compare):
    assert [1, 0, 0] == [
        compare("runs/good", "runs/bad", "--fail-if-worse")[0],
        compare("runs/bad", "runs/good", "--fail-if-worse")[0],
        compare("runs/good", "runs/bad")[0],
    ]


def test_json_is_the_whole_comparison(runs, compare):
    code, out, _ = compare("runs/good", "runs/bad", "--json", "--metric", "mae", "--fail-if-worse")

    plain = json.loads(out)
    assert (1, "worse", "mae", 50) == (code, plain["verdict"], plain["metric"], plain["samples"])


def test_the_page_is_written_where_one_says(runs, compare, tmp_path):
    code, out, _ = compare("runs/bad", "runs/good", "--html", "sub.html")

    assert (0, "written: sub.html") == (code, out.splitlines()[-1])
    assert (tmp_path / "sub.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert "better beyond noise: r2" in out


def test_runs_without_test_rows_say_that_there_are_no_slices(past_run, compare):
    for name in "ab":
        past_run(name, OUTCOME, OUTCOME + 1, keep_rows=False)

    _, out, _ = compare("runs/a", "runs/b")

    assert "slices: none to compare" in out
    assert "no difference beyond noise: r2" in out


def test_slices_that_none_is_worse_of_are_counted(past_run, compare):
    for name in "ab":
        past_run(name, OUTCOME, OUTCOME + 1, rows=ROWS)

    assert "0 of 32 slices got worse beyond noise by their RMSE, 0 better" in compare("runs/a", "runs/b")[1]


def test_two_samples_show_the_rows_of_both(past_run, compare):
    past_run("a", OUTCOME, OUTCOME + 0.1, rows=ROWS)
    past_run("b", OUTCOME[:160] + 9, OUTCOME[:160] + 11, rows=ROWS[:160] + 100, source="b", config={"seed": 1})

    assert "200 and 160 test rows compared as two samples" in compare("runs/a", "runs/b")[1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("runs/good", "runs/none"), "does not exist"),
        (("runs/good", "runs/good"), "both are run good"),
        (("runs/good", "runs/bad", "--metric", "f1"), "a regression has no metric 'f1'"),
        (("runs/good", "runs/bad", "--html", "page.pdf"), "the page is HTML"),
        (("runs/good", "runs/bad", "--level", "95"), "level 95 is not between 0 and 1"),
    ],
)
def test_wrong_input_is_told_with_what_to_do(runs, compare, arguments, said):
    code, out, err = compare(*arguments)

    assert ("", True) == (out, code in (1, 2))
    assert said in err
