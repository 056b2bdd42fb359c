import json
import zipfile

import pytest

from groundwork.environment._files import check_files, check_record


@pytest.fixture
def look(subject):
    """Judge the files and the RECORDs of an environment, with one reading of the bytes."""
    one = subject()

    def judge():
        return [
            (found.check, found.severity, found.found) for each in (check_files, check_record) for found in each(one)
        ]

    return judge


FINE = [
    ("files", "ok", "every file of 1 packages is as its RECORD says"),
    ("record", "ok", "the RECORDs of 1 packages are in order"),
]


@pytest.fixture
def site(tmp_path, package):
    package(tmp_path / "site", "tiny")
    return tmp_path / "site"


def record(site):
    return site / "tiny-1.0.dist-info/RECORD"


def from_wheel(site, tmp_path, **files):
    """Note that the package came from a wheel with these files."""
    wheel = tmp_path / "my wheels" / "tiny-1.0-py3-none-any.whl"
    wheel.parent.mkdir()
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tiny-1.0.dist-info/RECORD", record(site).read_text())
        for name, text in files.items():
            archive.writestr(f"tiny/{name}.py", text)
    note = {"url": wheel.as_uri(), "archive_info": {}}
    (site / "tiny-1.0.dist-info/direct_url.json").write_text(json.dumps(note))
    return wheel


def test_what_came_from_a_folder_or_a_wheel_is_installed_again_from_there(site, subject, tmp_path):
    wheel = from_wheel(site, tmp_path)
    (site / "tiny/__init__.py").write_text("changed = 1\n")

    (found,) = check_files(subject())

    assert found.fix.endswith(f"--no-deps 'tiny @ {wheel.as_uri()}'")


def test_what_came_from_an_index_is_installed_again_in_its_version(site, subject):
    (site / "tiny/__init__.py").write_text("changed = 1\n")

    (found,) = check_files(subject())

    assert found.fix.endswith("--no-deps tiny==1.0")


def test_untouched_files_are_fine(site, look):
    assert look() == FINE


def test_file_that_is_as_in_its_wheel_is_the_fault_of_that(site, look, tmp_path):
    (site / "tiny/more.py").write_text("more = 2\n")
    (site / "tiny/__init__.py").unlink()
    from_wheel(site, tmp_path, more="more = 2\n")

    assert look() == [
        FINE[0],
        (
            "record",
            "warning",
            "tiny: tiny/__init__.py is missing; tiny/more.py content differs; the package came like this",
        ),
    ]


def test_file_that_is_not_as_in_its_wheel_is_damage(site, look, tmp_path):
    (site / "tiny/more.py").write_text("more = 3\n")
    (site / "tiny/__init__.py").unlink()
    from_wheel(site, tmp_path, more="more = 2\n", __init__="")

    assert look() == [("files", "error", "tiny: tiny/__init__.py is missing; tiny/more.py content differs"), FINE[1]]


@pytest.mark.parametrize(
    "note", ["no json", "[]", '{"url": "https://ada:hunter2@x/y.whl"}', '{"url": "file:///gone.whl"}']
)
def test_package_whose_wheel_is_not_at_hand_is_judged_by_its_record(site, look, note):
    (site / "tiny/more.py").write_text("more = 3\n")
    (site / "tiny-1.0.dist-info/direct_url.json").write_text(note)

    assert look() == [("files", "error", "tiny: tiny/more.py content differs"), FINE[1]]


def test_wheel_that_cannot_be_read_proves_nothing(site, look, tmp_path):
    (site / "tiny/more.py").write_text("more = 3\n")
    from_wheel(site, tmp_path).write_text("no zip")

    assert look()[0] == ("files", "error", "tiny: tiny/more.py content differs")


def test_wheel_without_a_record_proves_nothing(site, look, tmp_path):
    (site / "tiny/more.py").unlink()
    with zipfile.ZipFile(from_wheel(site, tmp_path), "w") as archive:
        archive.writestr("tiny/__init__.py", "")

    assert look()[0] == ("files", "error", "tiny: tiny/more.py is missing")


def test_wheel_whose_bytes_are_damaged_proves_nothing(site, look, tmp_path):
    (site / "tiny/more.py").write_text("more = 3\n")
    wheel = from_wheel(site, tmp_path)
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("tiny/more.py", "more = 3\n" * 99)
    start = 30 + len("tiny/more.py")
    content = bytearray(wheel.read_bytes())
    content[start : start + 4] = b"\xff" * 4
    wheel.write_bytes(content)

    assert look()[0] == ("files", "error", "tiny: tiny/more.py content differs")


def test_record_that_contradicts_itself_came_so(site, look):
    rows = record(site).read_text()
    record(site).write_text(f"{rows}tiny/more.py,md5=AAAA,9\ntiny/more.py,sha256={'A' * 43},9\n")

    files, (check, severity, found) = look()

    assert (files, check, severity) == (FINE[0], "record", "warning")
    assert found.split("; ") == [
        "tiny: tiny/more.py has no usable hash (md5)",
        "tiny/more.py is listed twice, with different hashes",
        "the package came like this",
    ]


def test_lost_record_is_damage_and_no_fault_of_the_wheel(site, look, tmp_path):
    from_wheel(site, tmp_path)
    record(site).unlink()

    assert look() == [("files", "error", "tiny: RECORD is missing or unreadable"), FINE[1]]
