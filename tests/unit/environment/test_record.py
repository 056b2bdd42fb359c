import base64
import hashlib
import os
from pathlib import Path

import pytest

from groundwork.environment._record import damage, damages, distributions, normalize, owner_of, recorded_files


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


def test_name_with_a_character_that_ends_lines_elsewhere_is_one_name(tmp_path, package):
    package(tmp_path, "tiny", files={"tiny/a\u2028b\x1cc.py": "answer = 42\n"})
    record = tmp_path / "tiny-1.0.dist-info/RECORD"
    record.write_bytes(record.read_bytes().replace(b"\n", b"\r\n"))
    (one,) = distributions(tmp_path)

    assert (damage(one, hashes=True), next(recorded_files(one)).row) == ([], "tiny/a\u2028b\x1cc.py")


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


def rewrite(site, row):
    """Put another row for tiny/more.py into the RECORD."""
    path = site / "tiny-1.0.dist-info/RECORD"
    rows = [line for line in path.read_text().splitlines() if not line.startswith("tiny/more.py")]
    path.write_text("\n".join([*rows, row]) + "\n")
    return damages(distributions(site))


def base(digest, padding=b""):
    return (base64.urlsafe_b64encode(digest).rstrip(b"=") + padding).decode()


MORE = b"more = 1\n"
ROWS = {
    "sha512": f"sha512={base(hashlib.sha512(MORE).digest())}",
    "sha384": f"sha384={base(hashlib.sha384(MORE).digest())}",
    "padded": f"sha256={base(hashlib.sha256(MORE).digest(), b'=')}",
    "hexadecimal": f"sha256={hashlib.sha256(MORE).hexdigest()}",
}


@pytest.mark.parametrize("kind", ROWS)
def test_hash_of_every_kind_is_compared(tmp_path, package, kind):
    package(tmp_path, "tiny")

    right = rewrite(tmp_path, f"tiny/more.py,{ROWS[kind]},9")
    (tmp_path / "tiny/more.py").write_text("more = 2\n")
    wrong = damages(distributions(tmp_path))

    assert (right, [one.what for one in wrong]) == ([], ["content differs"])


@pytest.mark.parametrize("text", ["sha256=AAAA", "sha256=" + "z" * 64, "sha256=ä", "md5=abcd", "sha256="])
def test_what_is_no_hash_promises_nothing(tmp_path, package, text):
    package(tmp_path, "tiny")

    found = rewrite(tmp_path, f"tiny/more.py,{text},")

    assert found == []
    assert [one.digest for one in recorded_files(*distributions(tmp_path)) if one.row == "tiny/more.py"] == [None]


def test_one_right_row_of_two_is_enough(tmp_path, package):
    package(tmp_path, "tiny")
    rows = [f"tiny/more.py,sha256={base(hashlib.sha256(MORE).digest())},9", f"tiny/more.py,sha256={'A' * 43},9"]

    assert rewrite(tmp_path, "\n".join(rows)) == []


def test_owner_of_a_file_or_folder_is_the_package_that_lists_it(tmp_path, package):
    package(tmp_path / "one", "tiny", files={"tiny/a,b.txt": "x", "tiny.pth": "y"})
    package(tmp_path / "one", "no_record")
    (tmp_path / "one/no_record-1.0.dist-info/RECORD").unlink()
    package(tmp_path / "two", "other")
    folders = [tmp_path / "one", tmp_path / "two"]

    owners = [
        owner_of(folders, tmp_path / path)
        for path in ("one/tiny.pth", "one/tiny", "one/tiny/a,b.txt", "one/tin", "one/gone.pth", "two/other")
    ]

    assert [one and one.name for one in owners] == ["tiny", "tiny", "tiny", None, None, "other"]


def test_what_a_killed_pip_left_is_no_package(tmp_path, package):
    package(tmp_path, "tiny")
    (tmp_path / "~iny-1.0.dist-info").mkdir()

    assert [one.name for one in distributions(tmp_path)] == ["tiny"]
