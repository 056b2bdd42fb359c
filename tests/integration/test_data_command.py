"""groundwork data as its users see it: real files, exit codes, stdout for results and stderr for the rest."""

import asyncio
import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

from groundwork.data import Dataset, Profile, load_schema
from groundwork.storage import sha256

sys.path.insert(0, str(Path(__file__).parent))  # the helpers are no part of the package
import chromium

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
FLIGHTS = ROOT / "examples/flights/data/flights.csv.zip"


@pytest.fixture(scope="module")
def months(tmp_path_factory):
    """January and July of the flights, as CSV files."""
    folder = tmp_path_factory.mktemp("months")
    flights = Dataset.scan(FLIGHTS).collect()
    for name, month in (("jan", "1"), ("jul", "7")):
        flights.filter(pl.col("month") == month).write_csv(folder / f"{name}.csv")
    return folder


@pytest.fixture
def data(command, months, tmp_path):
    for path in months.iterdir():
        shutil.copy(path, tmp_path)

    def run(*arguments, **options):
        return command("data", *arguments, **options)

    return run


def test_a_profile_is_a_table_and_plain_data_and_a_file_that_can_be_compared(data, tmp_path):
    shown = data("profile", "jan.csv")
    plain = data("profile", "jan.csv", "--json", "--output", "jan.json")

    lines = shown.stdout.splitlines()
    assert (0, 0) == (shown.returncode, plain.returncode)
    assert ["column", "type", "missing", "distinct", "shape"] == lines[0].split()[:5]
    assert next(line for line in lines if line.startswith("dep_delay ")).split()[1:4] == ["Int64", "521", "1.9%"]
    missing = sum(line.split(",").count("NA") for line in (tmp_path / "jan.csv").read_text().splitlines())
    assert f"jan.csv: 27,004 rows, 19 columns, {missing:,} missing cells (0.6%)" == lines[-2]
    assert lines[-1].startswith("Next: ")
    assert "note: 'NA' among numbers or dates is read as missing;" in shown.stderr
    told = json.loads(plain.stdout)
    assert ["NA"] == told["null_values"]
    assert told == json.loads((tmp_path / "jan.json").read_text())
    assert 27_004 == Profile.from_dict(told).rows


def test_a_profile_of_several_files_and_a_pattern_is_of_one_table(data):
    ended = data("profile", "j*.csv", "jan.csv", "--json")

    assert 56_429 == json.loads(ended.stdout)["rows"]
    assert 2 == len(json.loads(ended.stdout)["source"])


def test_a_page_opens_in_a_browser_in_light_and_dark_and_asks_for_nothing(data, tmp_path):
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("no chromium to open the page in")
    assert 0 == data("profile", "jan.csv", "--output", "jan.html").returncode
    assert 1 == data("diff", "jan.csv", "jul.csv", "--output", "drift.html").returncode

    async def look(page):
        async with chromium.tab(address, "about:blank#") as tab:
            await tab.open((tmp_path / page).as_uri())
            seen = []
            for dark, width in ((False, 1200), (True, 390)):
                await tab.look(width=width, dark=dark)
                seen.append(
                    await tab.js(
                        "[getComputedStyle(document.body).backgroundColor, document.documentElement.scrollWidth,"
                        " document.querySelectorAll('section svg').length,"
                        " Math.min(...[...document.querySelectorAll('section svg')].map(s => s.clientHeight))]"
                    )
                )
            return seen, tab.said, [each for each in tab.asked if not each.startswith(("file:", "about:"))]

    pages = {"jan.html": 19, "drift.html": 3}
    with chromium.browser(program, tmp_path / "browser") as address:
        found = [asyncio.run(look(page)) for page in pages]

    for ((light, dark), said, asked), plots in zip(found, pages.values(), strict=True):
        assert ([], []) == (said, asked)
        assert light[0] != dark[0]
        assert (1200, 390) == (light[1], dark[1])
        assert (plots, plots) == (light[2], dark[2])
        assert light[3] > 10


def test_a_drafted_schema_is_kept_by_its_table_and_broken_by_another(data):
    drafted = data("profile", "jan.csv", "--suggest-schema", "--output", "schema.yaml")
    same = data("validate", "jan.csv", "--schema", "schema.yaml")
    other = data("validate", "jul.csv", "--schema", "schema.yaml", "--json")

    assert "written: schema.yaml" in drafted.stdout
    assert (0, "jan.csv: 27,004 rows, every rule is kept\n") == (same.returncode, same.stdout)
    assert 1 == other.returncode
    broken = json.loads(other.stdout)["violations"]
    assert {"month", "time_hour"} >= {each["column"] for each in broken if each["count"] == 29_425} == {"month"}
    assert sorted((each["count"] for each in broken), reverse=True) == [each["count"] for each in broken]


def test_a_draft_goes_to_stdout_as_yaml(data, tmp_path):
    ended = data("profile", "jan.csv", "--suggest-schema")

    (tmp_path / "s.yaml").write_text(ended.stdout)
    schema, null_values = load_schema(tmp_path / "s.yaml")
    assert (19, ("NA",)) == (len(schema.columns), null_values)


BAD = "a,b\n1,x\n2,y\nseven,z\n4,\n5,x\n"
RULES = "columns:\n  a: {dtype: Int64, max: 4}\n  b: {dtype: String, nullable: false}\n"


@pytest.fixture
def bad(tmp_path):
    (tmp_path / "bad.csv").write_text(BAD)
    (tmp_path / "rules.yaml").write_text(RULES)
    return ("validate", "bad.csv", "--schema", "rules.yaml")


def test_broken_rules_are_told_with_file_and_line(data, bad):
    ended = data(*bad)

    assert (1, "") == (ended.returncode, ended.stderr)
    assert [
        "x a: dtype, 1 row (20%)",
        "    bad.csv:4  'seven'",
        "x a: max, 1 row (20%)",
        "    bad.csv:6  '5'",
        "x b: nullable, 1 row (20%)",
        "    bad.csv:5  missing",
        "bad.csv: 3 of 5 rows break a rule",
        "Next: mend the rows, or --policy quarantine --output good.parquet sets them aside",
    ] == ended.stdout.splitlines()


def test_with_errors_nothing_is_written_and_dropped_or_quarantined_rows_are_told(data, bad, tmp_path):
    stopped = data(*bad, "--output", "good.parquet")
    assert (1, False) == (stopped.returncode, (tmp_path / "good.parquet").exists())
    assert "bad.csv: 3 of 5 rows break a rule" in stopped.stdout

    dropped = data(*bad, "--output", "good.csv", "--policy", "drop")
    assert (1, "a,b\n1,x\n2,y\n") == (dropped.returncode, (tmp_path / "good.csv").read_text())

    aside = data(*bad, "--output", "good.parquet", "--policy", "quarantine", "--quarantine", "bad.parquet")
    assert 1 == aside.returncode
    assert ["written: good.parquet", "written: bad.parquet"] == aside.stdout.splitlines()[-2:]
    assert 2 == pl.read_parquet(tmp_path / "good.parquet").height
    assert ["seven", "4", "5"] == pl.read_parquet(tmp_path / "bad.parquet")["a"].to_list()
    assert 1 == data(*bad, "--output", "again.parquet", "--policy", "quarantine").returncode
    assert 3 == pl.read_parquet(tmp_path / "again.quarantine.parquet").height


def test_good_rows_are_written_under_any_policy(data, bad, tmp_path):
    (tmp_path / "bad.csv").write_text("a,b\n1,x\n")

    for policy in ("error", "drop", "quarantine"):
        ended = data(*bad, "--output", f"{policy}.parquet", "--policy", policy, "--json")
        assert 0 == ended.returncode
        assert f"{policy}.parquet" == json.loads(ended.stdout)["written"][0]
        assert [(1, "x")] == pl.read_parquet(tmp_path / f"{policy}.parquet").rows()


def test_a_damaged_file_is_no_broken_rule(data, bad, tmp_path):
    (tmp_path / "bad.csv").write_text("a,b\n1,x\n2\n")

    ended = data(*bad, "--output", "good.parquet")

    assert (2, "") == (ended.returncode, ended.stdout)
    assert "has 1 field" in ended.stderr


def test_a_project_brings_its_schema_and_its_source(data, months):
    own = data("validate", "--project", ROOT / "examples/flights")
    other = data("validate", "jan.csv", "--project", ROOT / "examples/flights/pipeline.yaml")

    assert (0, "flights.csv.zip: 336,776 rows, every rule is kept\n") == (own.returncode, own.stdout)
    assert (0, "jan.csv: 27,004 rows, every rule is kept\n") == (other.returncode, other.stdout)


def test_duplicates_are_counted_or_removed(data, tmp_path):
    (tmp_path / "t.csv").write_text("id,v\n1,3\n2,5\n1,4\n2,5\n")

    counted = data("dedupe", "t.csv")
    best = data("dedupe", "t.csv", "--columns", "id", "--keep", "best", "--by", "v", "--output", "best.parquet")
    least = data(
        "dedupe",
        "t.csv",
        "--columns",
        "id",
        "--keep",
        "best",
        "--by",
        "v",
        "--ascending",
        "--output",
        "least.csv",
        "--json",
    )

    assert (0, ["row 4 repeats row 2", "t.csv: 4 rows, 1 would go (25%), 3 stay"]) == (
        counted.returncode,
        counted.stdout.splitlines()[:2],
    )
    assert "t.csv: 4 rows, 2 removed (50%), 2 stay\nwritten: best.parquet\n" in best.stdout
    assert [(2, 5), (1, 4)] == pl.read_parquet(tmp_path / "best.parquet").rows()
    assert (2, "least.csv") == (json.loads(least.stdout)["removed"], json.loads(least.stdout)["written"])
    assert [(1, 3), (2, 5)] == pl.read_csv(tmp_path / "least.csv").rows()


def test_near_duplicates_of_text_and_numbers_are_removed(data, tmp_path):
    (tmp_path / "t.csv").write_text(
        'text,x\n"the quick brown fox jumps over it",1.001\n"the quick brown fox jumps over it!",2\nother,1.0012\n'
    )

    texts = data("dedupe", "t.csv", "--near", "text", "--threshold", "0.8", "--output", "texts.parquet")
    numbers = data("dedupe", "t.csv", "--near", "x", "--decimals", "2", "--output", "numbers.parquet")

    assert (0, "row 2 repeats row 1") == (texts.returncode, texts.stdout.splitlines()[0])
    assert (0, "row 3 repeats row 1") == (numbers.returncode, numbers.stdout.splitlines()[0])
    assert [2, 2] == [pl.read_parquet(tmp_path / f"{name}.parquet").height for name in ("texts", "numbers")]


def test_a_split_writes_its_parts_and_a_record_with_hashes(data, tmp_path):
    ended = data("split", "jan.csv", "--kind", "time", "--column", "time_hour", "--unit", "1d", "--output", "parts")

    record = json.loads((tmp_path / "parts/split.json").read_text())
    assert ["train", "test"] == list(record["parts"])
    assert 27_004 == sum(part["rows"] for part in record["parts"].values())
    for part in record["parts"].values():
        path = tmp_path / "parts" / part["file"]
        assert (part["sha256"], part["rows"]) == (sha256(path), pl.read_parquet(path).height)
    assert sha256(tmp_path / "jan.csv") == record["source"][0]["sha256"]
    assert 0 == ended.returncode
    assert "+ no sign of leakage" in ended.stdout


def test_a_split_that_leaks_is_told_and_written(data, tmp_path):
    ended = data("split", "jan.csv", "--validation", "0.1", "--output", "parts", "--target", "late", "--json")
    assert 2 == ended.returncode
    assert "--target late: jan.csv has no such column" in ended.stderr
    assert not (tmp_path / "parts").exists()

    pl.read_csv(tmp_path / "jan.csv", null_values="NA").with_columns(late=pl.col("arr_delay") > 15).drop_nulls(
        "late"
    ).write_parquet(tmp_path / "late.parquet")
    leaky = data("split", "late.parquet", "--validation", "0.1", "--output", "parts", "--target", "late", "--json")

    told = json.loads(leaky.stdout)
    assert 1 == leaky.returncode
    assert {"train", "validation", "test"} == {*told["parts"]}
    assert ["arr_delay"] in [found["columns"] for found in told["leakage"] if found["severity"] == "error"]
    assert (tmp_path / "parts/validation.parquet").exists()


def test_a_time_that_is_text_and_does_not_sort_as_time_is_refused(data, tmp_path):
    (tmp_path / "us.csv").write_text("d,x\n" + "".join(f"{i % 12 + 1:02}/15/{2020 + i // 12},{i}\n" for i in range(36)))

    ended = data("split", "us.csv", "--output", "us", "--kind", "time", "--column", "d")
    dated = data("split", "us.csv", "--output", "by", "--kind", "time", "--column", "x")

    assert (2, 0) == (ended.returncode, dated.returncode)
    assert "column d is text, which sorts letter by letter, and '01/15/2020' is no ISO time" in ended.stderr


def test_a_split_is_replaced_by_force_only(data, tmp_path):
    first = ("split", "jan.csv", "--output", "parts", "--validation", "0.2", "--key", "flight,day,carrier")
    assert data(*first).returncode in (0, 1)

    refused = data("split", "jan.csv", "--output", "parts")
    assert (2, "") == (refused.returncode, refused.stdout)
    assert "parts already holds train.parquet" in refused.stderr

    assert data("split", "jan.csv", "--output", "parts", "--force").returncode in (0, 1)
    assert not (tmp_path / "parts/validation.parquet").exists()


def test_january_and_july_differ_and_the_columns_are_named(data, tmp_path):
    ended = data("diff", "jan.csv", "jul.csv", "--output", "drift.json")

    assert 1 == ended.returncode
    drifted = {line.split()[0]: line.split()[1] for line in ended.stdout.splitlines()[3:-2]}
    assert "severe" == drifted["month"]
    assert "moderate" == drifted["air_time"]
    assert {"none"} == {drifted[name] for name in ("day", "carrier", "origin", "distance", "year", "time_hour")}
    plain = json.loads((tmp_path / "drift.json").read_text())
    assert (27_004, 29_425) == (plain["reference"]["rows"], plain["current"]["rows"])
    assert (False, True) == (plain["schema_differs"], plain["severe"])


def test_two_random_halves_of_the_flights_do_not_differ(data, tmp_path):
    flights = Dataset.scan(FLIGHTS).collect().sample(fraction=1.0, shuffle=True, seed=3)
    flights[: flights.height // 2].write_parquet(tmp_path / "one.parquet")
    flights[flights.height // 2 :].write_parquet(tmp_path / "two.parquet")

    ended = data("diff", "one.parquet", "two.parquet", "--json")

    assert (0, {"none"}) == (ended.returncode, {each["severity"] for each in json.loads(ended.stdout)["columns"]})


def test_stored_profiles_are_compared_like_their_tables(data):
    for name in ("jan", "jul"):
        assert 0 == data("profile", f"{name}.csv", "--output", f"{name}.json").returncode

    ended = data("diff", "jan.json", "jul.json", "--json")
    mixed = data("diff", "jan.json", "jul.csv", "--json")
    keyed = data("diff", "jan.json", "jul.csv", "--key", "flight")

    told = {each["column"]: each["severity"] for each in json.loads(ended.stdout)["columns"]}
    assert (1, 1) == (ended.returncode, mixed.returncode)
    assert ("severe", "moderate", "none") == (told["month"], told["air_time"], told["distance"])
    assert (2, "") == (keyed.returncode, keyed.stdout)
    assert "--key compares rows, and jan.json is a profile" in keyed.stderr


def test_rows_are_compared_by_a_key(data, tmp_path):
    (tmp_path / "one.csv").write_text("id,v,w\n1,3,a\n2,5,b\n3,7,c\n")
    (tmp_path / "two.csv").write_text("id,v,w\n2,5,b\n3,8,c\n4,9,d\n")

    ended = data("diff", "one.csv", "two.csv", "--key", "id")

    assert 0 == ended.returncode
    assert "rows by id: 1 added, 1 removed, 1 changed" in ended.stdout
    assert "    3  v: 7 -> 8" in ended.stdout


def test_another_schema_is_a_difference(data, tmp_path):
    (tmp_path / "one.csv").write_text("id,v\n1,3\n2,5\n")
    (tmp_path / "two.csv").write_text("id,w\nx,3\ny,5\n")

    ended = data("diff", "one.csv", "two.csv")

    assert 1 == ended.returncode
    assert "Int64 became String" in ended.stdout
    assert "new (Int64)" in ended.stdout
    assert "no longer there (Int64)" in ended.stdout


def test_a_side_without_rows_is_told(data, tmp_path):
    (tmp_path / "none.csv").write_text("id,v\n")
    (tmp_path / "two.csv").write_text("id,v\nx,y\n")

    ended = data("diff", "none.csv", "two.csv")

    assert 0 == ended.returncode
    assert "note: none.csv has no rows: only columns and types are compared" in ended.stderr
    assert "two.csv has" not in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("profile", "jna.csv"), "did you mean jan.csv"),
        (("profile", "x*.csv"), "no file matches x*.csv"),
        (("profile", "."), ". is a folder"),
        (("profile", "jan.csv", "--output", "jan.txt"), "jan.txt: no output has this suffix"),
        (("profile", "jan.csv", "--output", "no/jan.html"), "there is no folder no"),
        (("profile", "jan.csv", "--json", "--suggest-schema"), "--suggest-schema prints YAML"),
        (("profile",), "Missing argument"),
        (("validate", "jan.csv"), "there is no schema to validate against"),
        (("validate", "--schema", "rules.yaml"), "there is no file to validate"),
        (("validate", "jan.csv", "--schema", "rules.yaml", "--project", "p"), "both name the rules"),
        (("validate", "jan.csv", "--schema", "rules.yaml"), "has no column 'a'"),
        (("validate", "bad.csv", "--schema", "rules.yaml", "--policy", "drop"), "there is no --output"),
        (("validate", "bad.csv", "--schema", "rules.yaml", "--quarantine", "q.csv"), "add --policy quarantine"),
        (("validate", "bad.csv", "--schema", "rules.yaml", "--output", "bad.csv"), "bad.csv is the input itself"),
        (
            (
                "validate",
                "bad.csv",
                "--schema",
                "rules.yaml",
                "--output",
                "g.csv",
                "--quarantine",
                "g.csv",
                "--policy",
                "quarantine",
            ),
            "are one file",
        ),
        (("dedupe", "jan.csv", "--columns", "carier"), "did you mean carrier?"),
        (("dedupe", "jan.csv", "--columns", "carrier", "--near", "dest"), "both say what is the same"),
        (("dedupe", "jan.csv", "--keep", "best"), "need each other"),
        (("dedupe", "jan.csv", "--threshold", "0.5"), "there is no --near"),
        (("dedupe", "jan.csv", "--near", "dest", "--threshold", "0.5", "--decimals", "1"), "--decimals for numbers"),
        (("dedupe", "jan.csv", "--near", "distance"), "the column holds numbers"),
        (("dedupe", "jan.csv", "--output", "jan.csv"), "jan.csv is the input itself"),
        (("split", "jan.csv"), "Missing option"),
        (("split", "jan.csv", "--output", "jul.csv"), "jul.csv is a file"),
        (("split", "jan.csv", "--output", "p", "--group", "carier"), "did you mean carrier?"),
        (("split", "jan.csv", "--output", "p", "--test", "1.5"), "1.5"),
        (("split", "jan.csv", "--output", "p", "--column", "carrier"), "--kind random looks at no column"),
        (("split", "jan.csv", "--output", "p", "--seed", "-1"), "Invalid value for '--seed'"),
        (("diff", "jan.csv", "nothing.json"), "there is no such file"),
        (("diff", "jan.csv", "odd.json"), "this is no profile"),
        (("diff", "jan.csv", "jul.csv", "--key", "flight"), "share their key"),
        (("diff", "jan.csv", "jul.csv", "--output", "jan.csv"), "jan.csv"),
    ],
)
def test_a_mistake_is_one_sentence_on_stderr_and_exit_code_2(data, bad, tmp_path, arguments, said):
    (tmp_path / "odd.json").write_text("[]")

    ended = data(*arguments)

    assert (2, "") == (ended.returncode, ended.stdout)
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "p").exists()


def test_an_output_that_cannot_be_written_is_the_worlds_fault(data, tmp_path):
    target = tmp_path / "closed"
    target.mkdir()
    target.chmod(0o500)
    if os.access(target, os.W_OK):
        pytest.skip("this user may write everywhere")

    ended = data("profile", "jan.csv", "--output", target / "jan.html")

    assert 1 == ended.returncode
    assert "cannot write" in ended.stderr


def test_what_a_cell_says_never_moves_the_cursor(data, tmp_path):
    (tmp_path / "t.csv").write_text('a,"b\x1b[31m"\n"x\x1b[2J\ny",1\n')

    ended = data("profile", "t.csv")

    assert 0 == ended.returncode
    assert "\x1b" not in ended.stdout
    assert "x·[2J·y" in ended.stdout


def on_a_terminal(arguments, folder):
    """Run the command with a terminal as its stderr, and return what it and the terminal said."""
    ours, theirs = pty.openpty()
    program = [sys.executable, "-c", "from groundwork.cli import main; main()", "data", *arguments]
    done = subprocess.Popen(
        program, cwd=folder, stdout=subprocess.PIPE, stderr=theirs, env={**os.environ, "TERM": "xterm"}
    )
    os.close(theirs)
    seen = b""
    while True:
        try:
            piece = os.read(ours, 65_536)
        except OSError:
            break
        if not piece:
            break
        seen += piece
    out = done.communicate()[0].decode()
    os.close(ours)
    return done.returncode, out, seen.decode()


def test_progress_is_shown_on_a_terminal_only(data, tmp_path):
    code, out, seen = on_a_terminal(["profile", "jan.csv"], tmp_path)

    assert 0 == code
    assert "profiling jan.csv" in seen
    assert "profiling" not in out
    assert "profiling" not in data("profile", "jan.csv").said


def test_ctrl_c_ends_with_130_and_leaves_no_half_output(groundwork, months, tmp_path):
    whole = (months / "jan.csv").read_text().splitlines(keepends=True)
    (tmp_path / "long.csv").write_text(whole[0] + "".join(whole[1:]) * 40)
    running = groundwork.start("data", "dedupe", "long.csv", "--output", "out.parquet")
    while not Path(f"/proc/{running.pid}/fd").exists() or not any(
        os.path.realpath(each).endswith("long.csv") for each in Path(f"/proc/{running.pid}/fd").glob("*")
    ):
        assert running.poll() is None
        time.sleep(0.02)

    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)

    assert (130, "") == (running.returncode, out), err
    assert {"long.csv"} == {path.name for path in tmp_path.iterdir()}


def test_a_profile_of_a_large_file_does_not_grow_with_it(groundwork, tmp_path):
    import numpy as np

    rows = np.random.default_rng(0)
    for name, size in (("small", 200_000), ("large", 2_000_000)):
        frame = pl.DataFrame({"x": rows.normal(size=size), "id": np.arange(size), "g": rows.integers(0, 50, size)})
        frame.write_parquet(tmp_path / f"{name}.parquet", row_group_size=100_000)
    program = (
        "import resource, sys\n"
        "from groundwork.data import Dataset, profile\n"
        "told = profile(Dataset.scan(sys.argv[1]))\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, told.columns[1].distinct)"
    )

    peaks, distinct = zip(
        *(
            map(
                int,
                subprocess.run(
                    [sys.executable, "-c", program, tmp_path / f"{name}.parquet"],
                    capture_output=True,
                    check=True,
                    text=True,
                ).stdout.split(),
            )
            for name in ("small", "large")
        ),
        strict=True,
    )

    assert peaks[1] < peaks[0] + 120
    assert 2_000_000 == pytest.approx(distinct[1], rel=0.03)
