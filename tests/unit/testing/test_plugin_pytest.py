"""The plugin as pytest runs it: each fixture catches what it is for."""

import re
import subprocess
import sys
from pathlib import Path

import numpy  # noqa: F401 - what a test imports within pytester would be forgotten after it; these bear it once only
import polars  # noqa: F401
import pytest
import sklearn.datasets
import sklearn.linear_model  # noqa: F401

import groundwork.serving
import groundwork.storage
import groundwork.testing
from groundwork.environment import Finding
from groundwork.testing import plugin

LOADED = [getattr(groundwork.testing, name) for name in groundwork.testing.__all__]

BAD = {
    "failpoints": (
        """
        def test_x(failpoints):
            failpoints({"no.such.place": OSError()})
        """,
        "*the program never came to no.such.place*",
    ),
    "fault_fs": (
        """
        def test_x(fault_fs):
            with fault_fs.full(): pass
        """,
        "*a disk with 0 bytes left: it never struck*",
    ),
    "checkpoint_store": (
        """
        import numpy
        def test_x(checkpoint_store):
            checkpoint_store.save({"w": numpy.ones(3)}, step=1)
            (file,) = checkpoint_store.root.glob("*/*.safetensors")
            file.write_bytes(b"broken")
            (checkpoint_store.root / "stray.txt").touch()
        """,
        "*the test leaves a damaged store*\n*  step 1: *\n*  stray.txt: *",
    ),
    "assert_no_leaks": (
        """
        kept = []
        def test_x(assert_no_leaks, tmp_path):
            with assert_no_leaks(grace_s=0):
                kept.append(open(tmp_path / "left.txt", "w"))
        def teardown_module():
            kept.pop().close()
        """,
        "*left.txt*",
    ),
    "assert_deterministic": (
        """
        def names():
            return list({f"name-{number}" for number in range(50)})
        def test_x(assert_deterministic):
            assert_deterministic(names)
        """,
        "*names is not deterministic: result?0?:*",
    ),
    "assert_close": (
        """
        def test_x(assert_close):
            assert_close([1.0, 2.0], [1.0, 2.5])
        """,
        "*1 of 2 values differ*largest difference 0.5 at ?1?*",
    ),
    "memory_limit": (
        """
        import mmap
        def test_x(memory_limit):
            with memory_limit(20_000_000), mmap.mmap(-1, 60_000_000) as pages:
                pages.write(bytes(1000) * 60_000)
        """,
        "*MB at its peak; allowed are 20.0 MB*",
    ),
    "golden": (
        """
        def test_x(golden):
            golden("value")
        """,
        "*test_golden*test_x.txt yet*",
    ),
    "fake_model": (
        """
        def test_x(fake_model):
            fake_model.fail_next(RuntimeError("as ordered"))
            fake_model.predict([1])
        """,
        "*RuntimeError: as ordered*",
    ),
    "flaky_server": (
        """
        from urllib.request import urlopen
        from groundwork.testing import Reply
        def test_x(flaky_server):
            flaky_server.script = [Reply(503)]
            urlopen(flaky_server.url)
        """,
        "*HTTP Error 503*",
    ),
    "model_server": (
        """
        def test_x(model_server):
            model_server(object())
        """,
        "*has no predict(batch)*",
    ),
    "small_data": (
        """
        def test_x(small_data):
            small_data("titanic")
        """,
        "*there is no small table 'titanic'*",
    ),
    "planted": (
        """
        def test_x(planted):
            table = planted()
            assert table.frame.is_unique().all(), "duplicates"
        """,
        "*duplicates*",
    ),
    "virtual_clock": (
        """
        def test_x(virtual_clock):
            virtual_clock.sleep(60)
            assert virtual_clock.monotonic() < 60
        """,
        "*60.0 < 60*",
    ),
    "run_virtual": (
        """
        import asyncio
        def test_x(run_virtual):
            run_virtual(asyncio.Event().wait())
        """,
        "*waiting for ever*",
    ),
}
GOOD = """
    import asyncio
    from urllib.request import urlopen

    import pytest

    from groundwork.errors import StorageError
    from groundwork.storage import atomic_write

    def count(most):
        return list(range(most))

    def test_all(
        assert_close, assert_deterministic, assert_no_leaks, checkpoint_store, failpoints, fake_model, fault_fs,
        flaky_server, golden, memory_limit, model_server, planted, small_data, virtual_clock, tmp_path,
    ):
        reached = failpoints({"storage.atomic_write.before_replace": OSError("broken disk")})
        with pytest.raises(StorageError), atomic_write(tmp_path / "x") as file:
            file.write(b"x")
        with fault_fs.full(), pytest.raises(OSError):
            (tmp_path / "y").write_bytes(b"y")
        with memory_limit(50_000_000), assert_no_leaks():
            assert_close(small_data("iris").frame, small_data("iris").frame)
        assert [0, 1, 2] == assert_deterministic(count, 3)
        url = model_server(fake_model)
        assert 200 == urlopen(f"{url}/v2/health/ready").status == urlopen(flaky_server.url).status
        golden("value")
        assert planted().duplicates
        assert reached == {"storage.atomic_write.before_replace": 1}

    def test_store(checkpoint_store, small_data):
        checkpoint_store.save({"x": small_data("iris").frame["petal_width_cm"].to_numpy()}, step=1)

    @pytest.mark.virtual_time
    async def test_async(virtual_clock):
        await asyncio.sleep(60)
        assert virtual_clock.monotonic() == 60
"""
MARKED = """
    import pytest

    @pytest.mark.slow
    def test_slow(): pass

    @pytest.mark.gpu
    def test_gpu(): pass

    @pytest.mark.integration
    @pytest.mark.e2e
    def test_other(): pass
"""


@pytest.fixture
def run(pytester, monkeypatch):
    """Runs pytest here, with this plugin and no other."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")

    def run(*options):
        return pytester.runpytest_inprocess("-p", "groundwork.testing.plugin", "--strict-markers", "-rfEs", *options)

    return run


def test_each_fixture_catches_what_it_is_for(run, pytester):
    pytester.makepyfile(**{f"test_{name}": source for name, (source, _) in BAD.items()})

    done = run()

    failed = {
        line.split("test_", 1)[1].split(".py")[0] for line in done.outlines if line.startswith(("FAILED", "ERROR"))
    }
    assert set(BAD) == failed
    assert set(plugin.__all__) == set(BAD)
    for _, said in BAD.values():
        done.stdout.fnmatch_lines_random(said.splitlines())


def test_in_use_as_meant_all_pass(run, pytester):
    pytester.makepyfile(GOOD)

    assert 0 == run("--update-golden").ret
    run().assert_outcomes(passed=3)


def test_the_examples_of_the_page_pass(run, pytester):
    page = (Path(__file__).parents[3] / "docs" / "testing.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    imports = "".join(
        f"{line}\n" for block in blocks for line in block.splitlines() if re.match("(import|from) [^(]*$", line)
    )
    examples = [block for block in blocks if "\ndef test_" in f"\n{block}"]

    pytester.makepyfile(**{f"test_{number}": imports + block for number, block in enumerate(examples)})
    done = run("--update-golden")

    assert len(examples) >= 6
    done.assert_outcomes(passed="".join(examples).count("def test_"))


def test_an_updated_golden_file_is_what_is_compared(run, pytester):
    source = "def test_x(golden):\n    golden({value!r})\n"

    pytester.makepyfile(test_mine=source.format(value="old"))
    run("--update-golden").assert_outcomes(passed=1)
    assert "old" == (pytester.path / "golden" / "test_mine" / "test_x.txt").read_text()
    pytester.makepyfile(test_mine=source.format(value="new!"))
    done = run()

    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["*-old", "*+new!"])


def found(text, severity="ok"):
    return lambda only: [Finding("gpu", severity, text)]


@pytest.mark.parametrize(
    ("finding", "options", "outcomes", "reasons"),
    [
        (
            found("none; models train on the processor"),
            [],
            {"passed": 1, "skipped": 2},
            ["*none is found*", "*--run-slow*"],
        ),
        (found("NVIDIA T4"), [], {"passed": 2, "skipped": 1}, ["*--run-slow*"]),
        (
            found("nvidia-smi fails: x", "warning"),
            ["--run-slow"],
            {"passed": 2, "skipped": 1},
            ["*gpu: nvidia-smi fails: x*"],
        ),
    ],
)
def test_slow_and_gpu_tests_are_skipped_with_the_reason(
    run, pytester, monkeypatch, finding, options, outcomes, reasons
):
    pytester.makepyfile(MARKED)
    monkeypatch.setattr("groundwork.environment.check", finding)

    done = run(*options)

    done.assert_outcomes(**outcomes)
    done.stdout.fnmatch_lines_random(reasons)


def test_where_no_test_needs_a_gpu_nobody_looks_for_one(run, pytester, monkeypatch):
    pytester.makepyfile("def test_x(): pass")
    monkeypatch.setattr("groundwork.environment.check", None)

    run().assert_outcomes(passed=1)


def test_loading_it_loads_nothing_but_itself():
    code = (
        "import sys, pytest; before = set(sys.modules); import groundwork.testing.plugin;"
        "print(*sorted(set(sys.modules) - before))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    ours = ["groundwork", "groundwork.testing", "groundwork.testing._fixtures", "groundwork.testing.plugin"]
    assert ours == done.stdout.split()


def test_the_door_offers_its_names_and_no_others():
    import groundwork.testing as door

    assert set(door.__all__) == set(dir(door))
    assert all(getattr(door, name).__name__ == name for name in ("Check", "Contract", "failpoints", "run_virtual"))
    for name in ("_no_such_module", "no_such_name"):
        with pytest.raises(AttributeError, match=f"has no attribute '{name}'"):
            getattr(door, name)


def test_a_name_loads_no_more_than_the_module_that_it_is_in():
    heavy = {"asyncio", "numpy", "ssl"}
    code = f"import sys; from groundwork.testing import Check, Verdict; print({heavy} & set(sys.modules))"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "set()\n"
