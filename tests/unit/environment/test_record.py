import os
from pathlib import Path

import pytest

from groundwork.environment._record import damage, damages, distributions, normalize


def test_untouched_package_shows_no_damage(tmp_path, package):
    package(tmp_path, "tiny")

    found = damages(distributions(tmp_path))

    assert found == []


@pytest.mark.parametrize("hashes", [False, True])
def test_deleted_and_blanked_modules_are_found(tmp_path, package, hashes):
    package(tmp_path, "tiny")
    (tmp_path / "tiny/__init__.py").unlink()
    (tmp_path / "tiny/more.py").write_text("")

    found = damage(distributions(tmp_path)[0], hashes=hashes)

    assert [(one.path, one.what, one.gone) for one in found] == [
        ("tiny/__init__.py", "is missing", True),
        ("tiny/more.py", "size 0 instead of 9", False),
    ]


def test_changed_content_of_equal_size_is_found_by_its_hash_only(tmp_path, package):
    package(tmp_path, "tiny")
    (tmp_path / "tiny/more.py").write_text("more = 2\n")
    (one,) = distributions(tmp_path)

    found = [damage(one, hashes=hashes) for hashes in (False, True)]

    assert [[wrong.what for wrong in each] for each in found] == [[], ["content differs"]]


@pytest.mark.parametrize("record", ["", "tiny/__init__.py,,\n", None, "\xff"])
def test_unusable_record_is_damage(tmp_path, package, record):
    package(tmp_path, "tiny")
    path = tmp_path / "tiny-1.0.dist-info/RECORD"
    path.unlink() if record is None else path.write_bytes(record.encode("latin-1"))

    (found,) = damage(distributions(tmp_path)[0], hashes=False)

    assert (found.path, found.gone) == ("RECORD", True)


def test_quoted_path_is_read_as_one_path(tmp_path, package):
    package(tmp_path, "tiny", files={"tiny/a,b.txt": "x"})

    found = damage(distributions(tmp_path)[0], hashes=True)

    assert found == []


def test_file_in_place_of_a_folder_is_damage_not_a_crash(tmp_path, package):
    package(tmp_path, "tiny", files={"tiny/deep/a.py": "x"})
    os.unlink(tmp_path / "tiny/deep/a.py")
    os.rmdir(tmp_path / "tiny/deep")
    (tmp_path / "tiny/deep").write_text("")

    (found,) = damage(distributions(tmp_path)[0], hashes=False)

    assert found.what.startswith("is unreadable")


def test_folder_that_is_not_there_has_nothing_installed(tmp_path):
    assert distributions(tmp_path / "none") == []


def test_names_compare_equal_in_one_form():
    assert normalize("Foo.Bar__baz-x") == "foo-bar-baz-x"


def test_folders_that_are_no_packages_are_passed_over(tmp_path: Path, package):
    package(tmp_path, "Tiny_Thing", "2.0")
    (tmp_path / "loose").mkdir()

    found = distributions(str(tmp_path))

    assert [(one.name, one.version) for one in found] == [("tiny-thing", "2.0")]
