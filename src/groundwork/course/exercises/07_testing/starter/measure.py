"""Measurements for the questions of README.md, and a small mutation tester.

    python measure.py                                        all of it, in some minutes
    python measure.py lines mutants                          some of it
    python measure.py mutants --suite other_suite.py --all   another suite, and what it does not find
    python measure.py --quick                                less, to see that it runs

``happy`` is a suite of the happy path alone; what it is run against, as your own, is ``intake.py`` beside this file.
"""

import argparse
import ast
import copy
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from groundwork.course import print_measurements

HERE = Path(__file__).resolve().parent
OPTIONS = argparse.ArgumentParser(add_help=False)
OPTIONS.add_argument("--suite", type=Path, default=HERE / "test_suite.py", help="in place of your test_suite.py")
OPTIONS.add_argument("--all", action="store_true", help="name the mutants that survive")
QUICK, GIVEN = "--quick" in sys.argv, OPTIONS.parse_known_args()[0]
HAPPY = """
import intake

def test_clean():
    assert intake.clean([1, None, 30, -5, 2], low=0, high=10) == [1, 1.5, 10, 0, 2]

def test_scaler():
    scaler = intake.Scaler().fit([1, 3])
    assert scaler.inverse(scaler.transform([1, 3])) == [1, 3]

def test_fetch():
    answers = [ConnectionError(), "row"]
    def source():
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer
    assert intake.fetch(source, first_s=0) == "row"

def test_batcher():
    batcher = intake.Batcher(2, 60)
    assert [batcher.add(1), batcher.add(2), len(batcher)] == [None, [1, 2], 0]
"""
RUN = """
import sys, pytest
lines = set()
def trace(frame, event, argument):
    if frame.f_code.co_filename.endswith("intake.py"):
        lines.add(frame.f_lineno)
        return trace
sys.settrace(trace if "lines" in sys.argv else None)
code = pytest.main(["-q", "-x", "-p", "no:cacheprovider", "--no-header", "test_judged.py"])
sys.settrace(None)
print("lines", sorted(lines))
sys.exit(code)
"""


def outcome(suite, module, *arguments):
    """Run a suite against a module in a folder of its own; how it ended, and what it printed."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "intake.py").write_text(module, encoding="utf-8")
        (Path(folder) / "test_judged.py").write_text(suite, encoding="utf-8")
        variables = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, "-c", RUN, *arguments]
        try:
            done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, timeout=20)
        except subprocess.TimeoutExpired:
            return -1, ""
    return done.returncode, done.stdout


SWAPS = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Is: ast.IsNot, ast.IsNot: ast.Is}
SWAPS |= {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult}
SWAPS |= {ast.And: ast.Or, ast.Or: ast.And}


def changes(node):
    """What can be changed in a node: a word for it, and what to do."""
    if isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPS:
        yield "another comparison", lambda n: n.ops.__setitem__(0, SWAPS[type(n.ops[0])]())
    elif isinstance(node, (ast.BinOp, ast.BoolOp)) and type(node.op) in SWAPS:
        yield "another operator", lambda n: setattr(n, "op", SWAPS[type(n.op)]())
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        yield "a number more by one", lambda n: setattr(n, "value", n.value + 1)
    elif isinstance(node, ast.If):
        yield "a condition negated", lambda n: setattr(n, "test", ast.UnaryOp(ast.Not(), n.test))
    elif isinstance(node, ast.Return) and node.value is not None:
        yield "None returned", lambda n: setattr(n, "value", ast.Constant(None))


def mutants(module):
    """Each module that differs in one place: line, word, text."""
    tree = ast.parse(module)
    for place, node in enumerate(ast.walk(tree)):
        for word, change in changes(node):
            other = copy.deepcopy(tree)
            changed = list(ast.walk(other))[place]
            change(changed)
            yield changed.lineno, word, ast.unparse(ast.fix_missing_locations(other))


def both():
    """Read the module, and the two suites by their names."""
    suites = {"happy": HAPPY, GIVEN.suite.name: GIVEN.suite.read_text(encoding="utf-8")}
    return (HERE / "intake.py").read_text(encoding="utf-8"), suites


def find_mutants():
    """Change one thing in intake.py at a time, and run the suites."""
    module, suites = both()
    made = list(mutants(module))
    made = random.Random(7).sample(made, 1) if QUICK else made
    rows = []
    for name, text in suites.items():
        survived = [f"line {line}: {word}" for line, word, source in made if outcome(text, source)[0] == 0]
        rows.append((name, f"{len(made) - len(survived)} of {len(made)}"))
        rows += [(f"{name} does not find", each) for each in sorted(survived) if GIVEN.all]
    return "mutants found", rows


def executed():
    """Note which lines of intake.py the suites execute."""
    module, suites = both()
    functions = [node for node in ast.walk(ast.parse(module)) if isinstance(node, ast.FunctionDef)]
    inside = [node for each in functions for node in ast.walk(each) if isinstance(node, ast.stmt) and node is not each]
    texts = [node for node in inside if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)]
    lines = {node.lineno for node in inside if node not in texts}
    rows = []
    for name, text in suites.items():
        printed = outcome(text, module, "lines")[1].splitlines()
        run = lines.intersection(ast.literal_eval(printed[-1].removeprefix("lines ")))
        rows.append((name, f"{len(run)} of {len(lines)}"))
    return "lines executed", rows


def luck():
    """Run a test 20 times that fails in some of its runs."""
    rows = []
    for share in (0.5, 0.1, 0.01, 0.001):
        chance = random.Random(7)
        times = 200 if QUICK else 20_000
        green = sum(all(chance.random() >= share for _ in range(20)) for _ in range(times)) / times
        rows.append((f"fails in {share:g} of its runs", f"{green:.1%}", f"{(1 - share) ** 20:.1%}"))
    return "green in 20 of 20 | by rule", rows


def floats():
    """Take the mean of ten numbers in two right ways, of 10,000 lists."""
    chance = random.Random(7)
    lists = [[chance.uniform(0, 100) for _ in range(10)] for _ in range(100 if QUICK else 10_000)]
    unequal = sum(statistics.fmean(each) != sum(each) / len(each) for each in lists) / len(lists)
    far = max(abs(statistics.fmean(each) / (sum(each) / len(each)) - 1) for each in lists)
    return "not == | the farthest differ by, of their value", [("two means", f"{unequal:.0%}", f"{far:.1e}")]


def waits():
    """Let fetch fail four times, with a fake sleep and with the real one."""
    from intake import fetch

    def source():
        raise ConnectionError

    def asked(**named):
        started = time.perf_counter()
        try:
            fetch(source, **named)
        except ConnectionError:
            return time.perf_counter() - started

    noted = []
    fake_s = min(asked(sleep=noted.append) for _ in range(100))
    first_s = 0.001 if QUICK else 0.1
    return "a call | its waits, s", [
        ("a fake sleep", f"{fake_s * 1e6:.0f} us", ", ".join(f"{each:.2f}" for each in noted[:3])),
        (f"the real one, from {first_s:g} s on", f"{asked(first_s=first_s):.2f} s"),
    ]


def start():
    """Run small suites, each in a process of its own."""
    module, suites = both()
    rows, before_s = [], children_s()
    for name, text in {"an empty one": "", "one test": "def test(): assert 1", **suites}.items():
        outcome(text, module)
        rows.append((name, children_s() - before_s))
        before_s = children_s()
    return "s, on the processor", rows


def children_s():
    """Read what the processor has spent on processes that have ended."""
    times = os.times()
    return times.children_user + times.children_system


PARTS = {
    "mutants": find_mutants,
    "lines": executed,
    "luck": luck,
    "floats": floats,
    "waits": waits,
    "start": start,
}

if __name__ == "__main__":
    print_measurements(PARTS, about=__doc__, options=OPTIONS)
