"""Measurements for the questions of README.md, and a small mutation tester; ``python measure.py`` runs them all.

Some of them: ``python measure.py lines mutants``; with another suite, and what it does not find: ``python measure.py
mutants --suite other_suite.py --all``.
"""
# ruff: noqa: D103 - named after what they measure

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

HERE = Path(__file__).resolve().parent
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


def measure_mutants(options):
    module, suite = (HERE / "intake.py").read_text(encoding="utf-8"), options.suite.read_text(encoding="utf-8")
    for name, text in (("happy", HAPPY), (options.suite.name, suite)):
        made = list(mutants(module))
        made = random.Random(7).sample(made, 1) if options.quick else made
        survived = [f"  line {line}: {word}" for line, word, source in made if outcome(text, source)[0] == 0]
        print(f"mutants: {name} finds {len(made) - len(survived)} of {len(made)}")
        if options.all:
            print("\n".join(sorted(survived)))


def measure_lines(options):
    module, suite = (HERE / "intake.py").read_text(encoding="utf-8"), options.suite.read_text(encoding="utf-8")
    functions = [node for node in ast.walk(ast.parse(module)) if isinstance(node, ast.FunctionDef)]
    inside = [node for each in functions for node in ast.walk(each) if isinstance(node, ast.stmt) and node is not each]
    texts = [node for node in inside if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)]
    lines = {node.lineno for node in inside if node not in texts}
    for name, text in (("happy", HAPPY), (options.suite.name, suite)):
        printed = outcome(text, module, "lines")[1].splitlines()
        run = lines.intersection(ast.literal_eval(printed[-1].removeprefix("lines ")))
        print(f"lines: {name} executes {len(run)} of {len(lines)}")


def measure_luck(options):
    for share in (0.5, 0.1, 0.01, 0.001):
        chance = random.Random(7)
        times = 200 if options.quick else 20_000
        green = sum(all(chance.random() >= share for _ in range(20)) for _ in range(times)) / times
        print(f"luck: fails in {share:g} of its runs, green in 20 of 20: {green:.1%}, by rule {(1 - share) ** 20:.1%}")


def measure_floats(options):
    chance = random.Random(7)
    lists = [[chance.uniform(0, 100) for _ in range(10)] for _ in range(100 if options.quick else 10_000)]
    unequal = sum(statistics.fmean(each) != sum(each) / len(each) for each in lists) / len(lists)
    far = max(abs(statistics.fmean(each) / (sum(each) / len(each)) - 1) for each in lists)
    print(f"floats: of two right means {unequal:.0%} are not ==; the farthest differ by {far:.1e} of their value")


def measure_waits(options):
    from intake import fetch

    def source():
        raise ConnectionError

    def asked(**named):
        started = time.perf_counter()
        try:
            fetch(source, **named)
        except ConnectionError:
            return time.perf_counter() - started

    waits = []
    fake_s = min(asked(sleep=waits.append) for _ in range(100))
    first_s = 0.001 if options.quick else 0.1
    real_s = asked(first_s=first_s)
    print(
        f"waits: with a fake sleep {fake_s * 1e6:.0f} us, {waits[:3]}; for real, from {first_s:g} s on, {real_s:.2f} s"
    )


def measure_start(options):
    module, suite = ((HERE / name).read_text(encoding="utf-8") for name in ("intake.py", options.suite))
    told, before_s = [], children_s()
    for name, text in (("an empty one", ""), ("one test", "def test(): assert 1"), ("happy", HAPPY), ("yours", suite)):
        outcome(text, module)
        told.append(f"{name} {children_s() - before_s:.2f} s")
        before_s = children_s()
    print("start: on the processor, " + ", ".join(told))


def children_s():
    times = os.times()
    return times.children_user + times.children_system


def main():
    every = {name.removeprefix("measure_"): each for name, each in globals().items() if name.startswith("measure_")}
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(every))
    parser.add_argument("--suite", type=Path, default=HERE / "test_suite.py")
    parser.add_argument("--all", action="store_true", help="name the mutants that survive")
    parser.add_argument("--quick", action="store_true", help="few of everything, for a first look")
    options = parser.parse_args()
    if unknown := set(options.names) - set(every):
        parser.error(f"there are {', '.join(every)}, and not {', '.join(unknown)}")
    for name in options.names or every:
        every[name](options)


if __name__ == "__main__":
    main()
