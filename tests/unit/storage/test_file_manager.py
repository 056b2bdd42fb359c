"""FileManager: values by name, and nothing that leads out of the folder."""

import errno
import hashlib
import os
import sys
from pathlib import Path, PurePosixPath

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.errors import (
    DurabilityUnknownError,
    InvalidDataError,
    PathEscapeError,
    StorageError,
    UnsupportedFormatError,
    UsageError,
)
from groundwork.storage import FileManager, atomic_write

posix = pytest.mark.skipif(sys.platform == "win32", reason="links and pipes of POSIX")

BAD_NAMES = [
    "",
    ".",
    "..",
    "/",
    "/etc/passwd",
    "//server/share",
    "../a",
    "a/../b",
    "a/..",
    "a/../../b",
    "./a",
    "a/./b",
    "a//b",
    "a/",
    "~/../a/..",
    "C:",
    "C:/a",
    "c:a",
    "a:stream",
    "a::$DATA",
    "a\\b",
    "..\\a",
    "\\\\server\\share",
    "a\0b",
    "a\nb",
    "a\x1b",
    "a\x7f",
    "a\x85",
    "\ud800",
    "a.",
    "a ",
    "a /b",
    "...",
    ". .",
    "CON",
    "con",
    "NUL.txt",
    "a/nul",
    "aux.tar.gz",
    "prn ",
    "COM1",
    "com9.json",
    "LPT1.txt",
    "LPT².txt",
    "CONIN$",
    "con .txt",
    *(f"a/b{character}.txt" for character in '<>"|?*'),
    ".a.0.gw-tmp",
    "a/.b.3.GW-TMP",
]
GOOD_NAMES = [
    "a",
    "a/b.c/d",
    ".hidden",
    "~",
    "..a",
    "a..b",
    "console",
    "com",
    "com10",
    "nuls.bin",
    "é/ü",
    "a b",
    "🙂",
]


@pytest.fixture
def files(tmp_path):
    return FileManager(tmp_path / "root")


@pytest.fixture
def outside(tmp_path):
    path = tmp_path / "outside" / "secret.txt"
    path.parent.mkdir()
    path.write_text("secret")
    return path


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("a.json", {"auc": 0.7}),
        ("deep/er/a.yaml.gz", [1, None, "no"]),
        ("notes.txt", "naïve\r\n"),
        ("README.md", "# title"),
        ("model.bin", b"\x00\xff"),
        ("no-suffix", b""),
        ("a.txt.gz", b"packed by someone else"),
    ],
)
def test_what_is_saved_is_loaded(files, name, value):
    info = files.save(name, value)

    assert value == files.load(name)
    assert info == files.info(name)
    assert (name, files.path(name).stat().st_size) == (info.name, info.size)


def test_options_go_to_the_format(files):
    files.save("a.csv", __import__("polars").DataFrame({"zip": ["02116"]}), durable=False)

    frame = files.load("a.csv", infer_schema=False)

    assert ["02116"] == frame["zip"].to_list()


def test_options_of_a_save_go_to_the_format(files):
    files.save("a.csv", __import__("polars").DataFrame({"a": [1], "b": [2]}), separator=";")

    assert ["a;b", "1;2"] == files.path("a.csv").read_text().split()


@posix
@pytest.mark.parametrize("name", ["a.bin", "a.txt", "a.json"])
def test_a_save_that_need_not_last_syncs_nothing(files, monkeypatch, name):
    synced = []
    monkeypatch.setattr(os, "fsync", synced.append)

    files.save(name, b"x" if name == "a.bin" else "x", durable=False)

    assert [] == synced


def test_arrays_come_back(files):
    files.save("w.npz", {"w": np.arange(3)})

    assert [0, 1, 2] == files.load("w.npz")["w"].tolist()


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("a.pkl", {"x": 1}, UnsupportedFormatError),
        ("a.bin", "text", UnsupportedFormatError),
        ("a.txt", b"bytes", UsageError),
        ("a.json", {1, 2}, UsageError),
    ],
)
def test_a_value_that_does_not_fit_its_suffix_is_refused_and_nothing_is_left(files, name, value, error):
    with pytest.raises(error, match=name):
        files.save(name, value)

    assert [] == files.list()


def test_a_file_that_is_not_text_is_named_with_the_byte(files):
    files.save("a.bin", b"ok\xff")
    os.rename(files.path("a.bin"), files.path("a.txt"))

    with pytest.raises(InvalidDataError, match=r"a\.txt, byte 2"):
        files.load("a.txt")


def test_options_for_a_file_without_a_format_are_refused(files):
    files.save("a.bin", b"")

    with pytest.raises(UnsupportedFormatError):
        files.load("a.bin", columns=["x"])


@pytest.mark.parametrize("name", BAD_NAMES)
@pytest.mark.parametrize("call", ["save", "load", "info", "delete", "path"])
def test_a_name_that_leads_out_or_could_is_refused_by_every_call(files, name, call):
    arguments = (name, b"x") if call == "save" else (name,)

    with pytest.raises(PathEscapeError) as caught:
        getattr(files, call)(*arguments)

    assert repr(name) in caught.value.message
    assert caught.value.hint
    assert not files.root.exists()


@pytest.mark.parametrize("name", GOOD_NAMES)
def test_a_harmless_name_is_taken_as_it_is(files, name):
    files.save(name, b"x")

    assert ([name], b"x") == ([each.name for each in files.list()], files.load(name))


def test_a_path_object_is_a_name(files):
    files.save(Path("a") / "b.json", 1)

    assert files.load(PurePosixPath("a/b.json")) == 1


names = st.text(max_size=12) | st.lists(
    st.sampled_from(["..", ".", "a", "b", "link", "/", "\\", "C:", "NUL", " ", "x.json", "~"]), max_size=5
).flatmap(lambda parts: st.sampled_from(["/".join(parts), "".join(parts)]))


@posix
@settings(deadline=None, max_examples=50)
@given(name=names)
def test_any_name_is_refused_or_lands_inside_the_root(tmp_path_factory, name):
    base = tmp_path_factory.mktemp("any")
    (base / "outside").mkdir()
    files = FileManager(base / "root")
    files.root.mkdir()
    (files.root / "link").symlink_to(base / "outside")

    try:
        files.save(name + ".bin", b"x", durable=False)
        landed = [name + ".bin"]
    except (PathEscapeError, StorageError):
        landed = []

    assert landed == [each.name for each in files.list()]
    assert [] == os.listdir(base / "outside")
    assert ["outside", "root"] == sorted(os.listdir(base))


@posix
@pytest.mark.parametrize("call", ["save", "load", "info", "path"])
@pytest.mark.parametrize("make", ["file link", "folder link", "chain", "dangling"])
def test_a_link_that_leads_out_is_refused_even_if_it_came_later(files, outside, call, make):
    files.save("inside.txt", "fine")
    name = {"folder link": "link/secret.txt"}.get(make, "link")
    target = {"folder link": outside.parent, "dangling": outside.with_name("new"), "chain": "second"}.get(make, outside)
    (files.root / "second").symlink_to(outside)
    (files.root / "link").symlink_to(target)

    with pytest.raises(PathEscapeError, match=f"a link leads the name '{name}' out of") as caught:
        getattr(files, call)(*((name, b"x") if call == "save" else (name,)))

    assert caught.value.hint
    assert ("secret", ["secret.txt"]) == (outside.read_text(), os.listdir(outside.parent))
    assert ["inside.txt"] == [each.name for each in files.list()]


@posix
def test_a_folder_that_became_a_link_is_refused(files, outside):
    files.save("a/secret.txt", "mine")
    os.rename(files.root / "a", files.root / "b")
    (files.root / "a").symlink_to(outside.parent)

    with pytest.raises(PathEscapeError):
        files.load("a/secret.txt")
    with pytest.raises(PathEscapeError):
        files.delete("a/secret.txt")
    with pytest.raises(PathEscapeError):
        files.list("a/*")
    assert outside.exists()


@posix
def test_a_link_that_stays_inside_is_followed(files):
    files.save("v1/a.json", 1)
    (files.root / "latest").symlink_to("v1")
    (files.root / "a.json").symlink_to("v1/a.json")

    files.save("latest/a.json", 2)

    assert [2, 2, 2] == [files.load(name) for name in ("v1/a.json", "latest/a.json", "a.json")]
    assert ["a.json", "v1/a.json"] == [each.name for each in files.list()]
    assert ["latest/a.json"] == [each.name for each in files.list("latest/*")]


@posix
def test_the_root_may_be_a_link_and_is_followed_once(tmp_path, outside):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    files = FileManager(tmp_path / "link")

    files.save("a.json", 1)
    (tmp_path / "link").unlink()
    (tmp_path / "link").symlink_to(outside.parent)
    files.save("b.json", 2)

    assert ["a.json", "b.json"] == sorted(os.listdir(tmp_path / "real"))


@posix
def test_delete_removes_a_link_and_not_what_it_leads_to(files, outside):
    files.root.mkdir()
    (files.root / "link").symlink_to(outside)

    files.delete("link")

    assert ([], "secret") == (os.listdir(files.root), outside.read_text())


@posix
def test_a_hard_link_is_replaced_and_what_it_shared_stays(files, outside):
    files.root.mkdir()
    os.link(outside, files.root / "a.txt")

    files.save("a.txt", "new")

    assert ("new", "secret") == (files.load("a.txt"), outside.read_text())


def test_delete_removes_one_file(files):
    files.save("a/b.json", 1)
    files.save("a/c.json", 2)

    files.delete("a/b.json")

    assert ["a/c.json"] == [each.name for each in files.list()]


@pytest.mark.parametrize("call", ["load", "info", "delete"])
def test_a_missing_file_is_named(files, call):
    with pytest.raises(StorageError, match=r"nothing\.json: cannot .*: No such file"):
        getattr(files, call)("nothing.json")


@pytest.mark.parametrize("call", ["load", "info", "delete", "save"])
def test_a_folder_is_not_a_file(files, call):
    files.save("a.json/b.json", 1)

    with pytest.raises(UsageError, match=r"a\.json"):
        getattr(files, call)(*(("a.json", 1) if call == "save" else ("a.json",)))

    assert files.load("a.json/b.json") == 1


@posix
def test_a_pipe_is_not_waited_for(files):
    files.root.mkdir()
    os.mkfifo(files.root / "a.json")

    with pytest.raises(UsageError, match="not a plain file"):
        files.load("a.json")

    assert [] == files.list()


@posix
def test_a_removal_that_may_not_last_says_so(files, monkeypatch):
    files.save("a.json", 1)

    def refuse(folder):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr("groundwork.storage._file_manager.sync_folder", refuse)

    with pytest.raises(DurabilityUnknownError, match="removed"):
        files.delete("a.json")

    assert [] == files.list()


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("**/*", ["a.json", "x/b.json", "x/y/c.json", "x/y/d.txt"]),
        ("**", ["a.json", "x/b.json", "x/y/c.json", "x/y/d.txt"]),
        ("*", ["a.json"]),
        ("*.json", ["a.json"]),
        ("**/*.json", ["a.json", "x/b.json", "x/y/c.json"]),
        ("x/*", ["x/b.json"]),
        ("x/**/**/?.json", ["x/b.json", "x/y/c.json"]),
        ("*/y/[cd].*", ["x/y/c.json", "x/y/d.txt"]),
        ("x/b.json", ["x/b.json"]),
        ("x", []),
        ("*.JSON", []),
        ("missing/*", []),
        ("a.json/*", []),
    ],
)
def test_list_gives_the_files_that_match_by_name(files, pattern, expected):
    for name in ("x/y/c.json", "a.json", "x/b.json"):
        files.save(name, 1)
    files.save("x/y/d.txt", "text")

    assert expected == [each.name for each in files.list(pattern)]


@pytest.mark.parametrize("pattern", ["../*", "/etc/*", "a/../../*", "", "a//*", "C:/*", "..\\*", "a\0*", "./*"])
def test_a_pattern_that_leads_out_is_refused(files, pattern):
    with pytest.raises(PathEscapeError, match="pattern"):
        files.list(pattern)


@posix
def test_list_leaves_out_what_is_unfinished_or_cannot_be_named(files):
    files.save("a.json", 1)
    (files.root / "C:evil").write_text("")
    (files.root / "broken").symlink_to("nowhere")

    with atomic_write(files.root / "b.json"):
        listed = files.list()

    assert ["a.json"] == [each.name for each in listed]


def test_a_folder_without_a_single_save_has_no_files(files):
    assert [] == files.list()


def test_a_listing_that_the_system_refuses_is_an_error(files, monkeypatch):
    files.save("a.json", 1)

    def refuse(folder):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(os, "scandir", refuse)

    with pytest.raises(StorageError, match="cannot list"):
        files.list()


def test_info_tells_size_time_and_on_demand_the_sha256(files):
    files.save("a.bin", b"abc")
    os.utime(files.path("a.bin"), (1_700_000_000.25, 1_700_000_000.25))

    info = files.info("a.bin")

    assert ("a.bin", 3, "2023-11-14T22:13:20.250000+00:00") == (info.name, info.size, info.modified)
    assert hashlib.sha256(b"abc").hexdigest() == info.sha256()


def test_a_root_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(UsageError, match="not a folder"):
        FileManager(tmp_path / "file")


def test_a_pattern_of_many_folders_is_matched_in_few_steps(monkeypatch):
    from groundwork.storage import _names

    compared = []
    monkeypatch.setattr(_names, "fnmatchcase", lambda name, part: compared.append(name) or name == part)
    parts = ["a"] * 40

    found = [_names.matches(parts, _names.checked_pattern("**/a/" * 4 + f"**/{last}")) for last in "ay"]

    assert [True, False] == found
    assert len(compared) <= 2 * len(parts) * 10


PARTS = st.lists(st.sampled_from("ab"), max_size=5)


@settings(deadline=None, max_examples=50)
@given(parts=PARTS, pattern=st.lists(st.sampled_from(["a", "b", "*", "**"]), min_size=1, max_size=5))
def test_a_pattern_means_what_its_regular_expression_means(parts, pattern):
    import re

    from groundwork.storage._names import checked_pattern, matches

    words = {"a": "a/", "b": "b/", "*": "[ab]/", "**": "([ab]/)*"}
    expected = re.fullmatch("".join(words[part] for part in pattern), "".join(f"{part}/" for part in parts))

    assert (expected is not None) == matches(parts, checked_pattern("/".join(pattern)))
