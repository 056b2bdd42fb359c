import json
import os

import pytest

from groundwork.environment import _builds
from groundwork.environment._builds import build_of
from groundwork.environment._record import distributions

WHEEL = ["tiny/__init__.py,sha256=aa,12", "tiny-1.0.dist-info/METADATA,sha256=bb,40", "tiny-1.0.dist-info/RECORD,,"]


def installed(site, rows, **files):
    folder = site / "tiny-1.0.dist-info"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "RECORD").write_text("\n".join(rows) + "\n")
    for name, text in files.items():
        (folder / f"{name}.json").write_text(text)
    (found,) = distributions(site)
    return found


def test_what_installers_add_and_where_it_lies_does_not_count(tmp_path):
    added = [
        "../../../bin/tiny,sha256=path-of-this-venv,200",
        '"../../../bin/odd,name",sha256=path,200',
        "tiny-1.0.dist-info/INSTALLER,sha256=pip,4",
        "tiny-1.0.dist-info/REQUESTED,sha256=empty,0",
        "tiny-1.0.dist-info/direct_url.json,sha256=a-folder,99",
        "tiny/__pycache__/__init__.cpython-311.pyc,,",
    ]

    by_uv = build_of(installed(tmp_path / "one", WHEEL))
    by_pip = build_of(installed(tmp_path / "two", [*added, *reversed(WHEEL)]))

    assert by_uv == by_pip
    assert len(by_uv) == 16


def test_line_ends_of_a_record_do_not_count(tmp_path):
    one, two = installed(tmp_path / "one", WHEEL), installed(tmp_path / "two", [])
    (tmp_path / "two/tiny-1.0.dist-info/RECORD").write_bytes("\r\n".join(WHEEL).encode())

    assert build_of(one) == build_of(two)


def test_a_changed_byte_in_the_wheel_is_another_build(tmp_path):
    other = [WHEEL[0].replace("=aa", "=ab"), *WHEEL[1:]]

    assert build_of(installed(tmp_path / "one", WHEEL)) != build_of(installed(tmp_path / "two", other))


@pytest.mark.parametrize(("spaced", "expected"), [((",", ":"), "editable"), ((", ", ": "), "editable")])
def test_a_package_that_runs_from_its_source_is_editable_wherever_that_lies(tmp_path, spaced, expected):
    note = json.dumps({"url": f"file://{tmp_path}", "dir_info": {"editable": True}}, separators=spaced)
    rows = ["__editable__.tiny.pth,sha256=path,20", "tiny-1.0.dist-info/direct_url.json,sha256=x,9", *WHEEL[1:]]

    assert build_of(installed(tmp_path, rows, direct_url=note)) == expected


@pytest.mark.parametrize("note", [{}, {"direct_url": '{"dir_info": {}}'}])
def test_a_package_installed_from_a_folder_as_a_copy_has_a_hash(tmp_path, note):
    rows = [*WHEEL, "tiny-1.0.dist-info/direct_url.json,sha256=x,9"]

    assert build_of(installed(tmp_path / "one", rows, **note)) == build_of(installed(tmp_path / "two", WHEEL))


def test_a_record_that_is_gone_or_lists_nothing_has_no_hash(tmp_path):
    listed_nothing = installed(tmp_path / "one", [])
    gone = installed(tmp_path / "two", WHEEL)
    (tmp_path / "two/tiny-1.0.dist-info/RECORD").unlink()

    assert [build_of(listed_nothing), build_of(gone)] == [None, None]


def test_a_record_is_read_again_only_when_an_installer_has_changed_it(tmp_path, monkeypatch):
    reads = []
    monkeypatch.setattr(_builds, "_build", lambda folder, record: reads.append(record) or str(len(reads)))
    one = installed(tmp_path, WHEEL)

    first, second = build_of(one), build_of(one)
    record = tmp_path / "tiny-1.0.dist-info/RECORD"
    os.utime(record, ns=(1, 1))
    third = build_of(one)

    assert [first, second, third] == ["1", "1", "2"]
