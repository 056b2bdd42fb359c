import asyncio
import os
import threading
from contextlib import aclosing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.concurrency import _files, read_files, stream_files, write_files
from groundwork.errors import ConfigurationError, InvalidDataError, StorageError, UsageError


@pytest.fixture
def paths(tmp_path):
    """Twenty files, each with its own number."""
    made = [tmp_path / f"{number}.bin" for number in range(20)]
    for number, path in enumerate(made):
        path.write_bytes(b"%d" % number)
    return made


async def lazily(items):
    for item in items:
        await asyncio.sleep(0)
        yield item


async def streamed(*arguments, **options):
    return [content async for _, content in stream_files(*arguments, **options)]


def no_thread_left():
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("groundwork-files")] == []


@pytest.mark.parametrize("read", [read_files, streamed])
@pytest.mark.parametrize("limit", [1, 3, 50])
def test_contents_come_in_the_order_of_the_paths(read, limit, paths):
    got = asyncio.run(read(paths[::-1], limit))

    assert [b"%d" % number for number in reversed(range(20))] == got
    assert no_thread_left()


@pytest.mark.parametrize("read", [read_files, streamed])
def test_paths_may_come_one_at_a_time(read, paths):
    assert [b"0", b"1", b"2"] == asyncio.run(read(lazily(paths[:3])))
    assert [b"0", b"1", b"2"] == asyncio.run(read(path for path in map(str, paths[:3])))
    assert [] == asyncio.run(read([]))


@pytest.mark.parametrize("read", [read_files, streamed])
def test_a_file_that_cannot_be_read_is_named(read, paths, tmp_path):
    wanted = [paths[0], tmp_path / "missing", paths[1], tmp_path]

    first, missing, second, folder = asyncio.run(read(wanted, errors="collect"))

    assert (b"0", b"1") == (first, second)
    assert str(tmp_path / "missing") == missing.context["file"]
    assert isinstance(folder, StorageError)
    with pytest.raises(StorageError):
        asyncio.run(read(wanted, errors="raise"))
    with pytest.raises(ExceptionGroup, match="2 of 4 calls failed") as told:
        asyncio.run(read(wanted, 3, errors="group"))
    assert ["item 1"] == told.value.exceptions[0].__notes__


def test_a_file_larger_than_allowed_is_refused(paths):
    small, large = asyncio.run(read_files([paths[1], paths[10]], errors="collect", max_bytes=1))

    assert b"1" == small
    assert isinstance(large, InvalidDataError)


@pytest.mark.parametrize("size", [0, 1, 65_536, 300_000])
@pytest.mark.parametrize("extra", [0, 1, 70_000, None])
def test_a_file_is_read_to_its_end_whatever_its_size(size, extra, tmp_path):
    content = bytes(range(256)) * (size // 256) + b"e" * (size % 256)
    (tmp_path / "file").write_bytes(content)

    (got,) = asyncio.run(read_files([tmp_path / "file"], max_bytes=None if extra is None else size + extra))

    assert content == got


def test_a_file_that_does_not_know_its_size_is_read_to_its_end(tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(b"x" * 200_000)
    read = os.read
    monkeypatch.setattr(_files.os, "read", lambda descriptor, size: read(descriptor, min(size, 1000)))

    assert [b"x" * 200_000] == asyncio.run(read_files([tmp_path / "file"]))


def test_a_stream_holds_a_few_files_at_a_time(paths, monkeypatch):
    begun = []
    monkeypatch.setattr(_files, "_read", lambda _, path: begun.append(path))

    async def main():
        async with aclosing(stream_files(paths, 2)) as stream:
            await anext(stream)
            await asyncio.to_thread(lambda: None)
            return len(begun)

    assert asyncio.run(main()) <= 5


@settings(deadline=None, max_examples=25)
@given(
    st.dictionaries(st.from_regex(r"[a-z]{1,3}(/[0-9])?", fullmatch=True), st.binary(max_size=40), max_size=12),
    st.integers(1, 5),
    st.sampled_from([dict, list, iter, lazily]),
)
def test_what_is_written_is_read_back(tmp_path_factory, contents, limit, shape):
    folder = tmp_path_factory.mktemp("written")
    pairs = [(folder / "of" / f"{name}.bin", content) for name, content in contents.items()]
    given = dict(pairs) if shape is dict else shape(pairs)

    async def main():
        written = await write_files(given, limit, durable=False)
        return written, await read_files(written, limit)

    written, read = asyncio.run(main())

    assert [path for path, _ in pairs] == written
    assert [content for _, content in pairs] == read
    assert {path for path, _ in pairs} == {path for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("shape", [list, lazily])
def test_a_file_that_cannot_be_written_is_named_and_the_others_are_there(shape, tmp_path):
    (tmp_path / "file").write_bytes(b"old")
    pairs = [(tmp_path / "a", b"a"), (tmp_path / "file" / "under", b"b"), (tmp_path / "c", b"c")]

    first, failed, last = asyncio.run(write_files(shape(pairs), 1, errors="collect"))

    assert (tmp_path / "a", tmp_path / "c") == (first, last)
    assert isinstance(failed, StorageError)
    assert {"a", "c", "file"} == {path.name for path in tmp_path.iterdir()}
    assert b"old" == (tmp_path / "file").read_bytes()


@pytest.mark.parametrize("shape", [list, iter, lazily])
def test_a_path_that_comes_twice_is_refused(shape, tmp_path):
    pairs = [(tmp_path / "a", b"a"), (tmp_path / "x" / ".." / "a", b"b")]

    with pytest.raises(UsageError, match="comes twice"):
        asyncio.run(write_files(shape(pairs), errors="collect"))


def test_pairs_of_a_generator_are_drawn_only_as_they_are_written(tmp_path, monkeypatch):
    drawn = 0
    ahead = []
    write = _files._write

    def watched(durable, pair):
        ahead.append(drawn - int(pair[0].name))
        return write(durable, pair)

    def pairs():
        nonlocal drawn
        for number in range(50):
            drawn += 1
            yield tmp_path / str(number), b"content"

    monkeypatch.setattr(_files, "_write", watched)

    asyncio.run(write_files(pairs(), 3, durable=False))

    assert 50 == len(list(tmp_path.iterdir()))
    assert max(ahead) <= 3


def test_an_asynchronous_generator_of_pairs_is_closed_when_a_write_fails(tmp_path):
    closed = []
    (tmp_path / "file").write_bytes(b"")

    async def pairs():
        try:
            for number in range(50):
                yield tmp_path / "file" / str(number), b""
        finally:
            closed.append(True)

    with pytest.raises(StorageError):
        asyncio.run(write_files(pairs(), 2))

    assert [True] == closed


@pytest.mark.parametrize("lazy", [False, True])
def test_cancelled_it_ends_the_files_under_way_and_begins_no_other(tmp_path, monkeypatch, lazy):
    entered, release = threading.Semaphore(0), threading.Event()
    write = _files._write
    pairs = [(tmp_path / str(number), b"whole") for number in range(20)]

    def held(durable, pair):
        entered.release()
        assert release.wait(30)
        return write(durable, pair)

    monkeypatch.setattr(_files, "_write", held)

    async def main():
        writing = asyncio.create_task(write_files(lazily(pairs) if lazy else pairs, 2))
        for _ in range(2):
            assert await asyncio.to_thread(entered.acquire, timeout=30)
        writing.cancel()
        for _ in range(20):
            await asyncio.sleep(0)
        still = not writing.done()
        release.set()
        with pytest.raises(asyncio.CancelledError):
            await writing
        return still, asyncio.all_tasks() - {asyncio.current_task()}

    assert (True, set()) == asyncio.run(main())
    assert [b"whole"] * 2 == [path.read_bytes() for path in tmp_path.iterdir()]
    assert no_thread_left()


@pytest.mark.parametrize("call", [read_files, write_files, stream_files])
def test_a_limit_below_one_is_refused(call):
    with pytest.raises(UsageError, match="limit is 0"):
        asyncio.run(call([], 0))


@pytest.mark.parametrize("call", [read_files, streamed, write_files])
def test_an_unknown_way_with_errors_is_refused_before_anything_is_touched(call, tmp_path):
    path = tmp_path / "file"
    given = {path: b"new"} if call is write_files else [path]

    with pytest.raises(ConfigurationError, match="ignore"):
        asyncio.run(call(given, errors="ignore"))

    assert not path.exists()


def test_a_streamed_file_that_is_too_large_is_refused(paths):
    small, large = asyncio.run(streamed([paths[1], paths[10]], errors="collect", max_bytes=1))

    assert small == b"1"
    assert isinstance(large, InvalidDataError)


@pytest.mark.parametrize("listed", [True, False])
def test_what_could_not_be_written_is_collected_in_its_place(listed, tmp_path):
    (tmp_path / "folder").mkdir()
    pairs = [(tmp_path / name, b"x") for name in ("first", "folder", "last")]

    first, failed, last = asyncio.run(write_files(pairs if listed else (p for p in pairs), errors="collect"))

    assert [tmp_path / "first", tmp_path / "last"] == [first, last]
    assert isinstance(failed, UsageError)


@pytest.mark.parametrize(("options", "synced"), [({}, True), ({"durable": True}, True), ({"durable": False}, False)])
def test_files_are_synced_unless_told_otherwise(options, synced, tmp_path, monkeypatch):
    calls, fsync = [], os.fsync
    monkeypatch.setattr(os, "fsync", lambda descriptor: (calls.append(descriptor), fsync(descriptor))[1])

    asyncio.run(write_files({tmp_path / "file": b"x"}, **options))

    assert bool(calls) == synced


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here: nothing to wait for")
@pytest.mark.parametrize("ordered", [True, False])
def test_in_order_a_slow_file_is_waited_for_and_as_completed_it_is_not(ordered, paths, tmp_path):
    slow = tmp_path / "slow"
    os.mkfifo(slow)

    async def main():
        got = []
        async with aclosing(stream_files([slow, paths[1], paths[2]], 3, ordered=ordered)) as stream:
            written = None if not ordered else asyncio.create_task(asyncio.to_thread(slow.write_bytes, b"slow"))
            async for _, content in stream:
                got.append(content)
                if len(got) == 2 and written is None:
                    written = asyncio.create_task(asyncio.to_thread(slow.write_bytes, b"slow"))
        await written
        return got

    expected = [b"slow", b"1", b"2"] if ordered else [b"1", b"2", b"slow"]
    assert expected == (asyncio.run(main()) if ordered else _first_two_sorted(asyncio.run(main())))


def _first_two_sorted(got):
    return [*sorted(got[:2]), *got[2:]]


def test_what_is_refused_says_which_file_and_what_to_do(paths, tmp_path):
    with pytest.raises(InvalidDataError, match=r"is larger than 1 bytes") as large:
        asyncio.run(read_files([paths[10]], max_bytes=1))
    with pytest.raises(UsageError) as twice:
        asyncio.run(write_files([(tmp_path / "x", b"1"), (tmp_path / "x", b"2")]))

    assert {"file": str(paths[10])} == large.value.context
    assert "Raise max_bytes" in large.value.hint
    assert "each path once" in twice.value.hint


def test_no_more_is_read_than_tells_that_a_file_is_too_large(tmp_path, monkeypatch):
    (tmp_path / "large").write_bytes(b"x" * 100)
    asked, read = [], os.read
    monkeypatch.setattr(os, "read", lambda descriptor, size: (asked.append(size), read(descriptor, size))[1])

    with pytest.raises(InvalidDataError):
        asyncio.run(read_files([tmp_path / "large"], max_bytes=10))

    assert [11] == asked


def test_the_threads_are_as_many_as_the_limit_and_say_whose_they_are(tmp_path, monkeypatch):
    made = []

    class Pool(_files.ThreadPoolExecutor):
        def __init__(self, *args, **options):
            super().__init__(*args, **options)
            made.append((self._max_workers, self._thread_name_prefix))

    monkeypatch.setattr(_files, "ThreadPoolExecutor", Pool)
    pairs = [(tmp_path / str(number), b"x") for number in range(7)]

    asyncio.run(write_files(pairs, 3))
    asyncio.run(write_files((pair for pair in pairs), 3))
    asyncio.run(streamed([path for path, _ in pairs], 3))

    assert [(3, "groundwork-files")] * 3 == made


@pytest.mark.parametrize("listed", [True, False])
def test_unless_told_a_file_that_cannot_be_written_is_raised(listed, tmp_path):
    (tmp_path / "folder").mkdir()
    pairs = [(tmp_path / "folder", b"x")]

    with pytest.raises(UsageError):
        asyncio.run(write_files(pairs if listed else (pair for pair in pairs)))


def test_a_file_that_is_a_byte_too_large_is_found_where_reads_come_short(tmp_path, monkeypatch):
    path = tmp_path / "large"
    read = os.read
    monkeypatch.setattr(os, "read", lambda descriptor, size: read(descriptor, min(size, 5)))

    path.write_bytes(b"x" * 10)
    assert [b"x" * 10] == asyncio.run(read_files([path], max_bytes=10))

    path.write_bytes(b"x" * 11)
    with pytest.raises(InvalidDataError):
        asyncio.run(read_files([path], max_bytes=10))
