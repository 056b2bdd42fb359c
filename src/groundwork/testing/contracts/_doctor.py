"""The contract of ``check`` where packages are concerned: names, versions, markers, requirements.

The subject offers ``check(python, *, only, lock, workdir)``, which returns a list of findings: ``check``, ``severity``
("ok", "warning", "error"), ``found``, ``expected``, ``fix``.
"""

from functools import partial
from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing._contract import Contract, Level
from groundwork.testing._lab import Lab
from groundwork.testing.contracts._environment_scenes import (
    bad,
    examine,
    expect_healthy,
    expect_told,
    expect_untold,
    install,
    project,
)
from groundwork.testing.contracts._values import expect_refusal

CHECKS = Contract("environment/doctor")


@CHECKS.check(
    Level.BASIC,
    rule="A healthy environment gets a finding for each check, and each is ok.",
    why="A doctor that cries at healthy machines is switched off within a week.",
    hint="Find the folder of packages first: ask the interpreter for sysconfig's purelib, or read pyvenv.cfg.",
)
def a_healthy_environment_is_fine(subject: Any, lab: Lab) -> None:
    """Three packages, all pinned, one of which needs the other two."""
    place = project(lab)
    install(place.site, "numpy", "2.4.6")
    install(place.site, "flights", "1.2", needs=["numpy>=2", "tables"])
    install(place.site, "tables", "0.9")
    place.pin("numpy==2.4.6", "flights==1.2", "tables==0.9")
    expect_healthy(
        examine(subject, place, "packages", "files", "dependencies", "conflicts"), "three packages as the lock has them"
    )


@CHECKS.check(
    Level.BASIC,
    rule="A pinned package that is missing, or there in another version, is named with both versions.",
    why="The model was trained with 2.4.6 and is served with 2.4.5; the numbers differ, and nobody gets an error.",
    hint="The folders *.dist-info beside the packages carry name and version in their names.",
    after=["a_healthy_environment_is_fine"],
)
def what_the_lock_has_is_there(subject: Any, lab: Lab) -> None:
    """One missing, one older, one as it should be."""
    place = project(lab)
    install(place.site, "numpy", "2.4.5")
    install(place.site, "tables", "0.9")
    place.pin("numpy==2.4.6", "flights==1.2", "tables==0.9")
    findings = examine(subject, place, "packages")
    expect_told(findings, "numpy", "2.4.5", "2.4.6", "flights", what="numpy 2.4.5 for 2.4.6, no flights")
    expect_untold(findings, "tables", what="tables as the lock has it")


@CHECKS.check(
    Level.BASIC,
    rule="Each finding that is not ok says what was expected and how to mend it.",
    why="'Check failed' sends a colleague to you; a command to paste does not.",
    hint="Write the command when you know name and version; fix must not be empty.",
    after=["what_the_lock_has_is_there"],
)
def each_finding_says_what_to_do(subject: Any, lab: Lab) -> None:
    """A pin and a requirement that are not there, a file that is gone, a version out of range."""
    place = project(lab)
    install(place.site, "flights", "1.2", needs=["tables"])
    (place.site / "flights" / "__init__.py").unlink()
    place.pin("flights==1.2", "numpy==2.4.6")
    install(place.site, "charts", needs=["flights<1"])
    names = ("packages", "files", "dependencies", "conflicts")
    findings = examine(subject, place, *names)
    for name in names:
        found = [one for one in findings if one.check == name and one.severity != "ok"]
        if not found:
            raise ContractBroken(
                f"{name} found nothing, where something is wrong for each of {', '.join(names)}; expected a finding"
            )
        for one in found:
            if not (one.expected.strip() and one.fix.strip()):
                raise ContractBroken(
                    f"{one.found[:80]!r} has expected={one.expected!r} and fix={one.fix!r}; expected words in both"
                )


@CHECKS.check(
    Level.EDGE,
    rule="Names are compared in one form: case, dots, dashes and underscores make no difference.",
    why="The lock says zope-interface, the folder Zope.Interface, the docs zope_interface; all are one package.",
    hint="re.sub(r'[-_.]+', '-', name).lower(), on both sides.",
    after=["what_the_lock_has_is_there"],
)
def names_are_compared_in_one_form(subject: Any, lab: Lab) -> None:
    """Four spellings, in the lock and among the requirements."""
    place = project(lab)
    for name in ("Zope.Interface", "typing_extensions", "ruamel.yaml.clib"):
        install(place.site, name, "5.0")
    install(place.site, "flights", "5.0", needs=["zope_interface>=5", "Ruamel-YAML_clib"])
    place.pin("zope-interface==5.0", "Typing-Extensions==5.0", "ruamel-yaml-clib==5.0", "flights==5.0")
    expect_healthy(examine(subject, place, "packages", "dependencies"), "one package by several spellings")


@CHECKS.check(
    Level.EDGE,
    rule="A lock is read as uv and pip write it: extras, hashes, comments, lines that go on.",
    why="A reader that splits at == takes --hash for a version, or passes over what it does not understand.",
    hint="Join lines that end in a backslash, drop comments and --hash, then what stands in brackets.",
    after=["what_the_lock_has_is_there"],
)
def a_lock_is_read_as_it_is_written(subject: Any, lab: Lab) -> None:
    """All is there; then one more line, in another form each time."""
    place = project(lab)
    for name in ("numpy", "uvicorn", "tables"):
        install(place.site, name)
    hashes = "    --hash=sha256:aa \\\n    --hash=sha256:bb\n    # via x\n"
    text = f"# a comment\n\nnumpy==1.0\nuvicorn[standard]==1.0 \\\n{hashes}"
    place.lock.write_text(text + "tables == 1.0\n", encoding="utf-8")
    expect_healthy(examine(subject, place, "packages"), "extras, hashes, spaces and comments")
    for line in (
        "missing==1.0",
        "missing[fast]==1.0 \\\n    --hash=sha256:aa",
        "missing == 1.0 ; python_version >= '3'",
    ):
        place.lock.write_text(f"{text}{line}\n", encoding="utf-8")
        expect_told(examine(subject, place, "packages"), "missing", what=f"{line!r} in the lock, not installed")


@CHECKS.check(
    Level.EDGE,
    rule="What a marker rules out here is not missed; what it wants here is.",
    why="A universal lock lists colorama for Windows: a doctor that ignores markers finds it missing on every Linux.",
    hint="packaging.markers.Marker(text).evaluate(values); or three small functions: or, and, comparison.",
    after=["a_lock_is_read_as_it_is_written"],
)
def markers_decide_what_counts(subject: Any, lab: Lab) -> None:
    """Six pins for elsewhere, five for here; none is installed."""
    place = project(lab)
    elsewhere = (
        "sys_platform == 'amiga'",
        "python_version < '3.0'",
        "platform_system == 'Amiga' and python_version >= '3.0'",
        "implementation_name == 'brainpy' or os_name == 'amiga'",
        "(python_version >= '3.0' or os_name == 'amiga') and sys_platform == 'amiga'",
        'sys_platform in "amiga atari"',
    )
    place.pin(*(f"other{nth}==1.0 ; {marker}" for nth, marker in enumerate(elsewhere)))
    expect_healthy(examine(subject, place, "packages"), "pins for other platforms only")
    here = (
        "sys_platform != 'amiga'",
        "os_name == 'amiga' or python_version >= '3.0'",
        "python_version >= '3.0' or os_name == 'amiga' and sys_platform == 'amiga'",
        "os_name == 'amiga' and python_version >= '3.0' or python_version >= '3.0'",
        "sys_platform != 'amiga' and (os_name == 'amiga' or python_full_version > '3.0')",
        'sys_platform not in "amiga atari"',
    )
    place.pin(*(f"mine{nth}==1.0 ; {marker}" for nth, marker in enumerate(here)))
    names = [f"mine{nth}" for nth in range(len(here))]
    expect_told(examine(subject, place, "packages"), *names, what="pins for this platform, not installed")


@CHECKS.check(
    Level.EDGE,
    rule="Versions are compared as versions, not as texts: 3.11 is later than 3.9, 1.0 is 1.0.0.",
    why="'3.11' < '3.9' is true of texts, and since Python 3.10 it has cost many tools their users.",
    hint="packaging.version.Version; or tuples of numbers without the zeros at their ends.",
    after=["markers_decide_what_counts"],
)
def versions_are_no_texts(subject: Any, lab: Lab) -> None:
    """In markers, in pins and in requirements."""
    place = project(lab)
    install(place.site, "numpy", "1.10.0")
    install(place.site, "tables", "1.0.0")
    install(place.site, "flights", "1.0", needs=["numpy>=1.9", "numpy<1.11", "numpy!=1.1", "numpy~=1.9"])
    place.pin("numpy==1.10", "tables==1.0", "other==1.0 ; python_version < '3.9'")
    expect_healthy(examine(subject, place, "packages", "conflicts"), "numpy 1.10.0 for 1.10 and for >=1.9,<1.11")
    place.pin("mine==1.0 ; python_version >= '3.9'")
    expect_told(examine(subject, place, "packages"), "mine", what="a pin for python_version >= '3.9'")


@CHECKS.check(
    Level.BASIC,
    rule="Whatever an installed package needs is installed, also what only its dependencies need.",
    why="uninstalling one package took a library along that three others import; the lock of the app never named it.",
    hint="Read Requires-Dist in METADATA of every installed package, not only of those in the lock.",
    after=["a_healthy_environment_is_fine"],
)
def what_is_needed_is_there(subject: Any, lab: Lab) -> None:
    """The third of a chain is missing; the lock knows the first alone."""
    place = project(lab)
    install(place.site, "flights", needs=["tables"])
    install(place.site, "tables", needs=["arrow>=2"])
    place.pin("flights==1.0")
    findings = examine(subject, place, "dependencies")
    expect_told(findings, "tables", "arrow", what="flights needs tables, which needs arrow, which is not there")


@CHECKS.check(
    Level.EDGE,
    rule="A requirement is met by a version within its range, not by the name alone.",
    why="pip installs what the last command asked for and warns; the warning scrolled away, the program fails later.",
    hint="A range is several comparisons with commas between them; all must hold.",
    after=["what_is_needed_is_there", "versions_are_no_texts"],
)
def a_version_out_of_range_is_told(subject: Any, lab: Lab) -> None:
    """Five ranges that are not met by one version."""
    place = project(lab)
    install(place.site, "numpy", "2.4.6")
    for nth, wanted in enumerate(("<2", ">=1.26,<2.4", ">2.4.6", "!=2.4.6", "~=1.26")):
        install(place.site, f"asker{nth}", needs=[f"numpy{wanted}"])
    findings = examine(subject, place, "conflicts")
    for nth in range(5):
        expect_told(findings, f"asker{nth}", "2.4.6", what="a package that needs another range")


@CHECKS.check(
    Level.EDGE,
    rule="What is needed elsewhere, or for an extra that nobody asked for, is not missed.",
    why="Requires-Dist of one package lists forty names; thirty are for its tests.",
    hint="In a marker the variable extra is the empty text; METADATA's head ends at the first blank line.",
    after=["what_is_needed_is_there", "markers_decide_what_counts"],
)
def what_others_need_is_not_missed(subject: Any, lab: Lab) -> None:
    """Extras, other platforms, old Pythons; and words in the description that look like a requirement."""
    needs = (
        'pytest>=7 ; extra == "test"',
        "pytest (>=7) ; (python_version >= '3.0') and extra == 'test'",
        "winapi ; sys_platform == 'amiga'",
        "tomli>=1 ; python_version < '3.9'",
    )
    place = project(lab)
    install(place.site, "flights", needs=needs, words="Words.\n\nRequires-Dist: winapi\n")
    findings = examine(subject, place, "dependencies")
    expect_healthy(findings, "requirements for other cases only")


@CHECKS.check(
    Level.EDGE,
    rule="A check that is not there is refused, not passed over.",
    why="A CI job has run check(only='fils') for a year, and was green.",
    hint="Look at the names before you run any; say which there are.",
    after=["a_healthy_environment_is_fine"],
)
def an_unknown_check_is_refused(subject: Any, lab: Lab) -> None:
    """Alone, and beside one that is there."""
    place = project(lab)
    for only in ("fils", ["files", "fils"]):
        expect_refusal(partial(subject.check, place.python, only=only), "fils", f"only={only!r}")
    if bad(subject.check(place.python, only="files", workdir=place.folder)):
        raise ContractBroken("files of an empty environment are not ok; expected ok for only='files'")
