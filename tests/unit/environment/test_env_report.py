import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.cli import _env_report
from groundwork.cli._env_report import screen, show
from groundwork.environment import Finding

FIX = "groundwork env fix"
OK = [Finding(name, "ok", f"{name} is fine") for name in ("interpreter", "cores", "disk")]
MISSING = [Finding("files", "error", f"rich: rich/{n}.py is missing", "as its RECORD says", FIX) for n in range(40)]
DRIFT = Finding("packages", "error", "numpy 2.4.5", "numpy 2.4.6", FIX)
LOW = Finding("memory", "warning", "1.2 GiB available of 4.0 GiB", "2.0 GiB available", "close other programs")


def rows(lines, columns):
    return sum(max(1, -(-len(line) // columns)) for line in lines)


def test_worst_comes_first_alike_together_and_the_command_once():
    lines = screen([*OK, LOW, DRIFT, *MISSING[:2]], [], 80, 24)

    assert lines == [
        "x packages     numpy 2.4.5",
        "               expected: numpy 2.4.6",
        "x files        rich: rich/0.py is missing",
        "x files        rich: rich/1.py is missing",
        "               expected: as its RECORD says",
        "               mend: groundwork env fix",
        "! memory       1.2 GiB available of 4.0 GiB",
        "               expected: 2.0 GiB available",
        "               mend: close other programs",
        "+ interpreter  interpreter is fine",
        "+ cores        cores is fine",
        "+ disk         disk is fine",
        "3 errors, 1 warning, 3 ok",
        "Next: groundwork env fix",
    ]


def test_what_is_well_is_told_by_name_where_room_is_short():
    lines = screen([*OK, LOW, *MISSING[:5]], [], 80, 14)

    assert "+ 3 ok: interpreter, cores, disk" in lines
    assert rows(lines, 80) < 14


def test_many_alike_are_told_by_number():
    lines = screen([*OK, *MISSING], ["rich"], 80, 24)

    assert "           and 35 more of these".strip() in [line.strip() for line in lines]
    assert "Installed again: rich" in lines
    assert lines[-1] == "Next: groundwork env fix"


def test_many_kinds_are_cut_with_a_way_to_see_them_all():
    kinds = [Finding("dotenv", "error", f"NAME_{n} is not set", "set", f"add NAME_{n}=... to .env") for n in range(50)]

    lines = screen(kinds, [], 80, 24)

    assert any(line.endswith("more; all of them: groundwork env check --json") for line in lines)
    assert rows(lines, 80) < 24


@settings(deadline=None, max_examples=50)
@given(
    st.lists(
        st.builds(
            Finding,
            st.sampled_from(["files", "packages", "a-check-with-a-long-name"]),
            st.sampled_from(["ok", "warning", "error"]),
            st.text(min_size=1, max_size=400),
            st.text(max_size=200),
            st.text(max_size=100),
        ),
        max_size=60,
    ),
    st.sampled_from([(80, 24), (40, 24), (200, 60)]),
)
def test_it_always_fits_on_one_screen_and_prints(findings, size):
    lines = screen(findings, [], *size)

    assert rows(lines, size[0]) < size[1]
    assert all(line.isprintable() for line in lines)


def test_elsewhere_all_is_told_without_colour(capsys):
    show([*OK, *MISSING])

    out = capsys.readouterr().out
    assert out.count("is missing\n") == 40
    assert "\x1b" not in out


@pytest.mark.parametrize(("variable", "coloured"), [(None, True), ("NO_COLOR", False)])
def test_marks_have_colours_at_a_terminal_unless_unwanted(monkeypatch, variable, coloured):
    printed = []
    monkeypatch.setattr(_env_report.sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(_env_report.typer, "echo", printed.append)
    monkeypatch.setenv("TERM", "xterm")
    if variable is not None:
        monkeypatch.setenv(variable, "1")

    show([DRIFT])

    assert printed[0].startswith("\x1b[31m\x1b[1mx\x1b[0m packages") == coloured


@pytest.mark.parametrize(
    ("file", "step"),
    [
        ("pipeline.yaml", "groundwork run"),
        ("examples/flights/pipeline.yaml", "groundwork run examples/flights"),
        ("other", "groundwork env fingerprint"),
    ],
)
def test_where_all_is_well_the_next_step_goes_on(tmp_path, monkeypatch, file, step):
    monkeypatch.chdir(tmp_path)
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).touch()

    assert screen(OK, [], 80, 24)[-1] == f"Next: {step}"
    assert os.getcwd() == str(tmp_path)
