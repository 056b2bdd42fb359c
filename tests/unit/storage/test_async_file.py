"""async with atomic_write: the loop never waits for the disk, and a cancellation leaves nothing half done."""

import asyncio
import errno
import os
import threading

import pytest

from groundwork.errors import DurabilityUnknownError, StorageError, UsageError
from groundwork.storage import atomic_write


@pytest.fixture
def target(tmp_path):
    path = tmp_path / "model.bin"
    path.write_bytes(b"old")
    return path


class Gate:
    """An action for a failpoint: tells the loop that a thread has come, and holds the thread there."""

    def __init__(self):
        self.loop = asyncio.get_running_loop()
        self.reached, self.opened = asyncio.Event(), threading.Event()
        self.thread = None

    def __call__(self):
        self.thread = threading.current_thread()
        self.loop.call_soon_threadsafe(self.reached.set)
        assert self.opened.wait(30)


async def cancelled_at(gate, write):
    """Cancel ``write`` while a thread stands at the gate; return the task and whether it waited for the thread."""
    task = asyncio.create_task(write())
    await gate.reached.wait()
    task.cancel()
    for _ in range(5):
        await asyncio.sleep(0)
    waited = not task.done()
    task.cancel()  # an impatient caller asks twice
    await asyncio.sleep(0)
    gate.opened.set()
    await asyncio.wait([task])
    return task, waited


def test_bytes_come_back_in_the_order_of_the_calls(target):
    pieces = [b"a" * 10, bytearray(b"b" * 600_000), b"c", memoryview(b"d" * 300_000), b""]

    async def write():
        async with atomic_write(target) as file:
            counts = [await file.write(piece) for piece in pieces]
            await file.writelines([b"e", b"f"])
            return counts

    counts = asyncio.run(write())

    assert b"".join(map(bytes, pieces)) + b"ef" == target.read_bytes()
    assert [len(piece) for piece in pieces] == counts
    assert os.listdir(target.parent) == ["model.bin"]


def test_text_modes_take_text(target):
    async def write():
        async with atomic_write(target, "w", encoding="latin-1", newline="\r\n") as file:
            return await file.write("é\n")

    assert (2, b"\xe9\r\n") == (asyncio.run(write()), target.read_bytes())


def test_writes_of_several_tasks_keep_the_order_in_which_they_were_called(target):
    async def write():
        async with atomic_write(target) as file:
            await asyncio.gather(*(file.write(bytes([65 + n]) * (1 + 300_000 * (n % 2))) for n in range(8)))

    asyncio.run(write())

    expected = b"".join(bytes([65 + n]) * (1 + 300_000 * (n % 2)) for n in range(8))
    assert expected == target.read_bytes()


def test_what_the_caller_changes_after_a_write_is_written_as_it_was(target):
    async def write():
        buffer = bytearray(b"first")
        async with atomic_write(target) as file:
            await file.write(buffer)
            buffer[:] = b"wrong"

    asyncio.run(write())

    assert target.read_bytes() == b"first"


def test_the_disk_is_never_touched_in_the_loops_own_thread(target, arm):
    threads = []
    points = ["before_write", "write", "before_fsync", "before_replace", "after_replace"]
    for point in points:
        arm(f"storage.atomic_write.{point}", lambda: threads.append(threading.current_thread()))

    async def write():
        async with atomic_write(target) as file:
            await file.write(b"x" * 300_000)

    asyncio.run(write())

    assert len(points) == len(threads)
    assert threading.current_thread() not in threads


def test_nothing_is_visible_before_the_body_has_ended(target):
    async def write():
        async with atomic_write(target) as file:
            await file.write(b"new")
            await file.flush()
            return target.read_bytes()

    assert (b"old", b"new") == (asyncio.run(write()), target.read_bytes())


def test_an_exception_in_the_body_leaves_the_old_file_and_nothing_else(target):
    async def write():
        async with atomic_write(target) as file:
            await file.write(b"x" * 1_000_000)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        asyncio.run(write())

    assert (b"old", ["model.bin"]) == (target.read_bytes(), os.listdir(target.parent))


@pytest.mark.parametrize("point", ["before_write", "write", "before_fsync", "before_replace", "after_replace"])
def test_a_cancellation_waits_for_the_thread_and_leaves_one_whole_file(target, arm, point):
    async def main():
        gate = Gate()
        arm(f"storage.atomic_write.{point}", gate)

        async def write():
            async with atomic_write(target) as file:
                await file.write(b"n" * 1_000_000)

        return await cancelled_at(gate, write)

    task, waited = asyncio.run(main())

    # Once the body has ended, publishing goes on to its outcome.
    expected = b"old" if point in ("before_write", "write") else b"n" * 1_000_000
    assert expected == target.read_bytes()
    assert ["model.bin"] == os.listdir(target.parent)
    assert (True, True) == (waited, task.cancelled())


def test_a_cancellation_between_two_writes_leaves_the_old_file(target):
    async def main():
        async def write():
            async with atomic_write(target) as file:
                await file.write(b"new")
                await asyncio.Event().wait()

        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await write()

    asyncio.run(main())

    assert (b"old", ["model.bin"]) == (target.read_bytes(), os.listdir(target.parent))


def test_a_cancelled_publish_that_fails_goes_on_cancelled_and_names_the_failure(target, arm):
    async def main():
        gate = Gate()

        def refuse():
            gate()
            raise OSError(errno.EIO, os.strerror(errno.EIO))

        arm("storage.atomic_write.before_fsync", refuse)

        async def write():
            async with atomic_write(target) as file:
                await file.write(b"new")

        task, _ = await cancelled_at(gate, write)
        with pytest.raises(asyncio.CancelledError) as caught:
            task.result()
        return caught.value.__cause__

    assert isinstance(asyncio.run(main()), StorageError)
    assert (b"old", ["model.bin"]) == (target.read_bytes(), os.listdir(target.parent))


def test_leaving_the_body_waits_for_a_write_that_another_task_began(target, arm):
    async def main():
        gate = Gate()
        arm("storage.atomic_write.write", gate)
        writes = []

        async def write():
            async with atomic_write(target) as file:
                writes.append(asyncio.create_task(file.write(b"x" * 1_000_000)))
                await gate.reached.wait()
                writes.append(asyncio.create_task(file.write(b"late")))
                raise ZeroDivisionError

        task = asyncio.create_task(write())
        await gate.reached.wait()
        for _ in range(5):
            await asyncio.sleep(0)
        left_early = task.done()
        task.cancel()
        await asyncio.sleep(0)
        gate.opened.set()
        outcomes = await asyncio.gather(task, *writes, return_exceptions=True)
        return left_early, [type(each) for each in outcomes]

    left_early, kinds = asyncio.run(main())

    assert not left_early
    assert [asyncio.CancelledError, int, UsageError] == kinds
    assert (b"old", ["model.bin"]) == (target.read_bytes(), os.listdir(target.parent))


def test_a_write_after_the_body_is_refused(target):
    async def main():
        async with atomic_write(target) as file:
            await file.write(b"new")
        with pytest.raises(UsageError, match="has ended"):
            await file.write(b"late")
        with pytest.raises(UsageError, match="has ended"):
            await file.flush()

    asyncio.run(main())

    assert target.read_bytes() == b"new"


@pytest.mark.parametrize("point", ["before_write", "write", "before_fsync", "before_replace"])
def test_a_refusal_before_the_rename_keeps_the_old_file(target, arm, point):
    arm(f"storage.atomic_write.{point}", errno.ENOSPC)

    async def write():
        async with atomic_write(target) as file:
            await file.write(b"x" * 1_000_000)

    with pytest.raises(StorageError, match="No space left"):
        asyncio.run(write())

    assert (b"old", ["model.bin"]) == (target.read_bytes(), os.listdir(target.parent))


def test_a_refusal_after_the_rename_says_that_durability_is_unknown(target, arm):
    arm("storage.atomic_write.after_replace", errno.EIO)

    async def write():
        async with atomic_write(target) as file:
            await file.write(b"new")

    with pytest.raises(DurabilityUnknownError):
        asyncio.run(write())

    assert (b"new", ["model.bin"]) == (target.read_bytes(), os.listdir(target.parent))


def test_a_body_that_goes_on_after_a_failed_write_publishes_nothing(target):
    async def write():
        async with atomic_write(target, "w", encoding="ascii") as file:
            await file.write("fine")
            await file.write("é")
            try:
                await file.flush()
            except UnicodeEncodeError:
                await file.write("and so on")

    with pytest.raises(UnicodeEncodeError):
        asyncio.run(write())

    assert (b"old", ["model.bin"]) == (target.read_bytes(), os.listdir(target.parent))


@pytest.mark.parametrize(("mode", "data"), [("wb", "text"), ("w", b"bytes")])
def test_the_wrong_kind_of_data_is_refused_where_it_is_given(target, mode, data):
    async def write():
        async with atomic_write(target, mode) as file:
            await file.write(data)

    with pytest.raises(TypeError):
        asyncio.run(write())

    assert (b"old", ["model.bin"]) == (target.read_bytes(), os.listdir(target.parent))


def test_an_atomic_write_is_good_for_one_body_at_a_time(target):
    once = atomic_write(target)

    with once as file:
        file.write(b"new")
        with pytest.raises(UsageError, match="has been used"), once:
            pass

    assert (b"new", ["model.bin"]) == (target.read_bytes(), os.listdir(target.parent))
