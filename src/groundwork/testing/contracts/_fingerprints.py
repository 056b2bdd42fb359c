"""The contract of ``fingerprint`` and ``diff``: equal for equal environments, and in words what differs.

The subject offers ``fingerprint()``, which has ``digest`` and ``to_dict()``, and ``diff(a, b)``, which takes
fingerprints or their dicts and returns lines.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing._contract import Contract, Level
from groundwork.testing._lab import Lab
from groundwork.testing.contracts._environment_scenes import install, variables
from groundwork.testing.contracts._failures import expect

CHECKS = Contract("environment/fingerprint")


@contextmanager
def packages_of(*folders: Path) -> Iterator[None]:
    """Put folders of packages before all others while the block runs."""
    before = list(sys.path)
    sys.path[:0] = [str(folder) for folder in folders]
    try:
        yield
    finally:
        sys.path[:] = before


def with_package(subject: Any, site: Path, version: str | None = "1.0", content: str = "A = 1\n") -> Any:
    """Take a fingerprint where the package gw-flights is installed in a new folder; with None nothing is."""
    site.mkdir()
    if version is not None:
        install(site, "GW_flights", version, files={"gw_flights.py": content})
    with packages_of(site):
        return subject.fingerprint()


def one_line(lines: Any, *words: str, what: str) -> None:
    """Break the contract unless there is one line, with these words in it."""
    if len(lines) != 1 or not all(word.lower() in lines[0].lower() for word in words):
        raise ContractBroken(f"diff after {what}: found {lines}; expected one line with {' and '.join(words)}")


@CHECKS.check(
    Level.BASIC,
    rule="Two fingerprints of one environment have one digest, and nothing differs; JSON keeps that.",
    why="A fingerprint with the time or the process id in it differs always, so nobody looks at it.",
    hint="sha256 over json.dumps(values, sort_keys=True); sort what comes from a folder.",
)
def one_environment_has_one_digest(subject: Any, lab: Lab) -> None:
    """Twice, in another working folder, and as JSON."""
    first = subject.fingerprint()
    with lab.working_folder():
        second = subject.fingerprint()
    expect(second.digest, first.digest, "digest of the same environment in another working folder")
    expect(list(subject.diff(first, second)), [], "what differs")
    stored = json.loads(json.dumps(first.to_dict()))
    expect(list(subject.diff(stored, second)), [], "what differs from the one in JSON")


@CHECKS.check(
    Level.BASIC,
    rule="Another version of a package is another digest, and one line of words: name, old -> new.",
    why="'Environments differ' sends people through 200 lines of pip freeze; one line sends them to the cause.",
    hint="Versions by normalized name; go through the names of both, sorted.",
    after=["one_environment_has_one_digest"],
)
def a_difference_is_one_line(subject: Any, lab: Lab) -> None:
    """A version, a package that is new; a variable that sets threads."""
    old, new = (with_package(subject, lab.folder / version, version) for version in ("1.0", "1.1"))
    one_line(subject.diff(old, new), "gw-flights", "1.0 -> 1.1", what="1.0 became 1.1")
    expect(old.digest == new.digest, False, "whether the digests of 1.0 and 1.1 are equal")
    none = with_package(subject, lab.folder / "none", None)
    one_line(subject.diff(none, old), "gw-flights", "-> 1.0", what="an installation")
    with variables(OMP_NUM_THREADS=None):
        unset = subject.fingerprint()
    with variables(OMP_NUM_THREADS="1"):
        one = subject.fingerprint()
    one_line(subject.diff(unset, one), "OMP_NUM_THREADS", "unset -> 1", what="OMP_NUM_THREADS=1")
    one_line(subject.diff(one.to_dict(), unset.to_dict()), "1 -> unset", what="unsetting it, from dicts")


@CHECKS.check(
    Level.EDGE,
    rule="Of a package that is there twice, the one counts that an import finds: the first on the path.",
    why="A forgotten folder on PYTHONPATH shadows the version that the lock has; the fingerprint must tell.",
    hint="Go through sys.path from the front, and keep what you have.",
    after=["a_difference_is_one_line"],
)
def the_first_on_the_path_counts(subject: Any, lab: Lab) -> None:
    """Two versions, in both orders."""
    for version in ("1.0", "2.0"):
        install(lab.folder / version, "gw_flights", version, files={"gw_flights.py": "A = 1\n"})
    with packages_of(lab.folder / "1.0", lab.folder / "2.0"):
        old = subject.fingerprint()
    with packages_of(lab.folder / "2.0", lab.folder / "1.0"):
        new = subject.fingerprint()
    one_line(subject.diff(old, new), "gw-flights", "1.0 -> 2.0", what="the folders changed places")


@CHECKS.check(
    Level.EDGE,
    rule="Another build of the same version is a difference; another place is none.",
    why="Two wheels of one version, one with another BLAS, gave two models; the freeze files were equal.",
    hint="Hash the rows of RECORD that have a hash; leave folders out of the fingerprint.",
    after=["a_difference_is_one_line"],
)
def a_build_counts_and_a_place_does_not(subject: Any, lab: Lab) -> None:
    """The same package in two folders; then with another module."""
    here, there = (with_package(subject, lab.folder / name) for name in ("here", "there"))
    expect(list(subject.diff(here, there)), [], "what differs after a package was moved")
    expect(there.digest, here.digest, "digest after a package was moved")
    built = with_package(subject, lab.folder / "built", content="A = 2\n")
    one_line(subject.diff(here, built), "gw-flights", what="a build with other content")


@CHECKS.check(
    Level.FAULT,
    rule="A fingerprint holds no secret: it takes variables that it knows, not all that there are.",
    why="It lies beside every model, and models are given away.",
    hint="A list of names such as OMP_NUM_THREADS; never dict(os.environ).",
    after=["one_environment_has_one_digest"],
)
def a_fingerprint_holds_no_secret(subject: Any, lab: Lab) -> None:
    """A token and an address with a password among the variables."""
    secret = "hunter2-4711"  # noqa: S105 - nobody's
    with variables(GW_API_TOKEN=secret, PIP_INDEX_URL=f"https://me:{secret}@index.example/simple"):
        found = subject.fingerprint()
    shown = json.dumps(found.to_dict()) + repr(found) + str(found)
    if secret in shown:
        raise ContractBroken("a secret of the environment stands in the fingerprint; expected variables by a list")
