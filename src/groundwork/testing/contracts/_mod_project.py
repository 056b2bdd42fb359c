"""The contract of the project around the module: a ``pyproject.toml`` that names a command, and a command that behaves.

The subject offers ``main()``, which reads ``sys.argv`` as a console script does and returns its exit status (or raises
``SystemExit``). The project is the folder of the subject's file, that above its package, or ``PROJECT``, a folder. Of a
package that was installed from a wheel there is no ``pyproject.toml`` any more: what it said is in the metadata beside.
"""

import sysconfig
import tomllib
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing._contract import Contract, Level
from groundwork.testing._lab import Lab
from groundwork.testing._subject import source_of
from groundwork.testing.contracts._failures import expect
from groundwork.testing.contracts._mod_processes import Said, call, last_line, python

CHECKS = Contract("modeling/project")


def _by_file(subject: Any, lab: Lab, *arguments: str) -> Said:
    return call(lab, f"{source_of(subject)}:main", *arguments)


def _project(subject: Any) -> Path:
    """Find the folder in which pyproject.toml should be."""
    if own := getattr(subject, "PROJECT", None):
        return Path(own).resolve()
    folder = Path(subject.__file__).resolve().parent
    while (folder / "__init__.py").is_file():
        folder = folder.parent
    return folder.parent if folder.name == "src" else folder


def _metadata(subject: Any) -> tuple[Path, dict[str, Any]]:
    project = _project(subject)
    path = project / "pyproject.toml"
    if not path.is_file():
        if (installed := _installed(project, Path(subject.__file__).resolve())) is not None:
            return project, _as_pyproject(installed)
        raise ContractBroken("pyproject.toml is not written yet; expected one in the folder of the project")
    try:
        return project, tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ContractBroken(f"pyproject.toml cannot be read: {error}") from error


def _installed(project: Path, file: Path) -> Distribution | None:
    # Only where packages are installed: in a folder of one's own, pyproject.toml is what is asked for.
    sites = {Path(sysconfig.get_path(name)).resolve() for name in ("purelib", "platlib")}
    for each in distributions(path=[str(project)]) if project in sites else ():
        if any(Path(str(each.locate_file(path))).resolve() == file for path in each.files or ()):
            return each
    return None


def _as_pyproject(installed: Distribution) -> dict[str, Any]:
    """Put what a build wrote down into the words of what it was built from."""
    told = {key: installed.metadata.get_all(key) for key in ("Name", "Version", "Requires-Python")}
    builder = [
        line.partition(":")[2].strip()
        for line in (installed.read_text("WHEEL") or "").splitlines()
        if line.startswith("Generator:")
    ]
    project: dict[str, Any] = {key.lower(): found[0] for key, found in told.items() if found}
    project["dependencies"] = installed.requires
    project["scripts"] = {each.name: each.value for each in installed.entry_points if each.group == "console_scripts"}
    # That it was built says that the module was found; by what it was built is all that is left to know.
    return {"build-system": {"requires": builder, "build-backend": "; ".join(builder)}, "project": project}


def _commands(subject: Any) -> tuple[dict[str, str], tuple[Path, ...]]:
    """Read the console scripts by name, and the folders that they are imported from."""
    project, found = _metadata(subject)
    scripts = found.get("project", {}).get("scripts")
    if not scripts:
        raise ContractBroken("[project.scripts] of pyproject.toml is not written yet; expected a command")
    return scripts, (project / "src", project)


def _expect_something_to_build(subject: Any, folders: tuple[Path, ...]) -> None:
    """Look for the module as flit does, which goes by the project's name; what others take is their own affair."""
    project, found = _metadata(subject)
    built = not (project / "pyproject.toml").is_file()
    if built or not str(found.get("build-system", {}).get("build-backend", "")).startswith("flit"):
        return
    named = found.get("tool", {}).get("flit", {}).get("module", {}).get("name")
    name = named or found["project"]["name"].replace("-", "_")
    path = Path(*name.split("."))
    if not any((folder / path).is_dir() or (folder / path).with_suffix(".py").is_file() for folder in folders):
        raise ContractBroken(
            f"flit builds the module {name!r}, and there is none, so pip install fails; "
            "expected its name in [tool.flit.module]"
        )


def _expect_usage(said: Said, what: str) -> None:
    if said.status != 0:
        raise ContractBroken(f"{what} ended with status {said.status} ({last_line(said.err)}); expected 0")
    if "usage" not in said.out.lower():
        raise ContractBroken(f"{what} wrote {said.out[:60]!r} to standard output; expected how it is used")


@CHECKS.check(
    Level.BASIC,
    rule="The command tells its usage with --help, on standard output, and ends with status 0.",
    why="It is the first thing that everybody types.",
    hint="argparse does it: ArgumentParser(...).parse_args() reads sys.argv.",
)
def the_command_tells_its_usage(subject: Any, lab: Lab) -> None:
    """Run as a console script runs it."""
    _expect_usage(_by_file(subject, lab, "--help"), "main() with --help")


@CHECKS.check(
    Level.EDGE,
    rule="Wrong usage ends with status 2, is told on standard error, and writes nothing to standard output.",
    why="`scorecard --jsn rows.csv > result.json && deploy`: deployed, with an error message as the result.",
    hint="argparse ends so by itself. A main() that catches SystemExit, or prints what is wrong, does not.",
    after=["the_command_tells_its_usage"],
)
def wrong_usage_is_told_by_the_status(subject: Any, lab: Lab) -> None:
    """An option that there is not."""
    said = _by_file(subject, lab, "--no-such-option")
    if "NotImplementedError" in said.err:
        raise ContractBroken(f"main() ended with {last_line(said.err)}")
    expect(said.status, 2, "the exit status after an option that there is not")
    expect(said.out, "", "standard output after an option that there is not")
    if not said.err.strip():
        raise ContractBroken("nothing was written to standard error; expected what is wrong with the usage")


@CHECKS.check(
    Level.EDGE,
    rule="pyproject.toml says how it is built, its name, its version, which Python it needs, and its dependencies.",
    why="Without [build-system] pip guesses, and without requires-python it installs where nothing works.",
    hint="[build-system] with requires and build-backend; [project] with name, version, requires-python, dependencies.",
    after=["the_command_tells_its_usage"],
)
def the_project_says_what_it_is(subject: Any, lab: Lab) -> None:
    """Read as a build front end reads it; no setup.py is asked for."""
    _, found = _metadata(subject)
    wanted = (("build-system", "requires"), ("build-system", "build-backend"), ("project", "name"))
    for table, key in (*wanted, ("project", "requires-python"), ("project", "dependencies")):
        if not found.get(table, {}).get(key):
            raise ContractBroken(f"{key} in [{table}] of pyproject.toml is not written yet; expected one")
    metadata = found["project"]
    if "version" not in metadata and "version" not in metadata.get("dynamic", ()):
        raise ContractBroken("pyproject.toml has no version in [project]; expected one, or that it is dynamic")
    if not any(each.lower().startswith("numpy") for each in metadata["dependencies"]):
        raise ContractBroken("the dependencies do not name numpy, which the module imports; expected it")


@CHECKS.check(
    Level.FAULT,
    rule="The command that the metadata name is there, is what main() is, and works from any folder.",
    why="An entry point that names nothing is installed without a word, and fails at the first user.",
    hint='[project.scripts]: command = "module:main". The wrapper that pip makes is sys.exit(main()).',
    after=["the_project_says_what_it_is"],
)
def the_command_of_the_project_runs(subject: Any, lab: Lab) -> None:
    """Each console script, imported from the project's folder and called."""
    commands, folders = _commands(subject)
    _expect_something_to_build(subject, folders)
    for name, entry in commands.items():
        said = call(lab, entry, "--help", paths=folders)
        if said.status != 0 and "Error" in said.err:
            raise ContractBroken(f"the command {name} = {entry!r} ended with {last_line(said.err)}; expected it to run")
        _expect_usage(said, f"the command {name} --help")


@CHECKS.check(
    Level.EDGE,
    rule="python -m runs the same command.",
    why="Where the folder of the scripts is not on the PATH, or which Python it is matters, it is how one runs it.",
    hint='if __name__ == "__main__": sys.exit(main()), in the module, or in __main__.py of a package.',
    after=["the_command_of_the_project_runs"],
)
def python_m_runs_the_command(subject: Any, lab: Lab) -> None:
    """The module of the entry point, or the package that it is in, with --help and with a wrong option."""
    commands, folders = _commands(subject)
    for entry in commands.values():
        package = entry.partition(":")[0].partition(".")[0]
        said = python(lab, "-m", package, "--help", paths=folders)
        _expect_usage(said, f"python -m {package} --help")
        said = python(lab, "-m", package, "--no-such-option", paths=folders)
        expect((said.status, said.out), (2, ""), f"status and output of python -m {package} --no-such-option")
