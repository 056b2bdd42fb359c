import json
import os
from xml.etree import ElementTree

import pytest

from groundwork.environment import Finding, junit, write_junit
from groundwork.errors import ConfigurationError

FINDINGS = [
    Finding("interpreter", "ok", "Python 3.11.7"),
    Finding("files", "error", "rich: rich/table.py is missing", "every file as its RECORD says", "groundwork env fix"),
    Finding("files", "error", "a & b <c> \x1b[31m\ud800", fix="it's"),
    Finding("files", "warning", "numpy: x.py content differs"),
    Finding("memory", "warning", "1.2 GiB", "2 GiB"),
]


def cases():
    return {one.get("name"): one for one in ElementTree.fromstring(junit(FINDINGS)).iter("testcase")}


def test_every_check_is_one_testcase_and_every_error_one_failure():
    failures = {name: len(case.findall("failure")) for name, case in cases().items()}

    assert failures == {"interpreter": 0, "files": 2, "memory": 0}


def test_counts_are_of_testcases():
    root = ElementTree.fromstring(junit(FINDINGS))

    assert {one.tag: (one.get("tests"), one.get("failures"), one.get("errors")) for one in (root, root[0])} == {
        "testsuites": ("3", "1", "0"),
        "testsuite": ("3", "1", "0"),
    }


def test_failure_tells_what_should_be_and_what_mends_it():
    first, second = cases()["files"].findall("failure")

    assert first.get("message") == "rich: rich/table.py is missing"
    assert first.text.splitlines()[1:] == ["expected: every file as its RECORD says", "mend: groundwork env fix"]
    # What XML forbids is escaped as Python does it, what it has a way to write is not.
    assert (second.get("message"), second.text.splitlines()[1]) == (r"a & b <c> \x1b[31m\ud800", "mend: it's")


def test_warning_fails_nothing_and_is_told():
    found = cases()

    assert found["memory"].findtext("system-out") == "warning: 1.2 GiB\nexpected: 2 GiB"
    assert found["files"].findtext("system-out") == "warning: numpy: x.py content differs"


def test_file_is_replaced_whole(tmp_path, monkeypatch):
    path = tmp_path / "report.xml"
    write_junit(path, FINDINGS)

    monkeypatch.setattr(os, "replace", lambda *_: json.loads("{"))
    with pytest.raises(json.JSONDecodeError):
        write_junit(path, [])

    assert path.read_text(encoding="utf-8") == junit(FINDINGS)
    assert [one.name for one in tmp_path.iterdir()] == ["report.xml"]


def test_link_keeps_its_place(tmp_path):
    (tmp_path / "link.xml").symlink_to(tmp_path / "report.xml")

    write_junit(tmp_path / "link.xml", FINDINGS)

    assert (tmp_path / "link.xml").is_symlink()
    assert (tmp_path / "report.xml").is_file()


@pytest.mark.skipif(os.name == "nt", reason="named pipes are files of POSIX")
def test_what_is_no_file_is_written_to_and_not_replaced():
    write_junit(os.devnull, FINDINGS)

    assert not os.path.isfile(os.devnull)


def test_place_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(ConfigurationError, match=r"cannot write the report .*nowhere"):
        write_junit(tmp_path / "nowhere" / "report.xml", FINDINGS)
