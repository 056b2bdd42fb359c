import asyncio
import logging
import threading
from types import SimpleNamespace

import polars as pl
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from groundwork.errors import CheckpointNotFoundError
from groundwork.serving import Latest
from groundwork.serving._folder import identity, locate
from groundwork.serving._metrics import Metrics
from groundwork.serving._models import Models
from groundwork.serving._options import AppOptions
from groundwork.serving._reload import Reloader
from groundwork.storage import CheckpointStore

PATIENCE_S = 30


def line(slope):
    return LinearRegression().fit([[0.0], [1.0]], [0.0, slope])


async def predicted(models):
    hosted = models.pick(None, None, None)
    (answer,) = await hosted.batcher.submit_all([hosted.adapter.parse([[1.0]])])
    return round(answer[0], 6)


def reloading(main, model):
    """Run ``main(models, check, metrics)``, with ``check`` in the place of the clock."""

    async def run():
        metrics = Metrics()
        models = Models({"m": model}, AppOptions(reload_s=3600.0), metrics)
        await models.start()
        (reloader,) = models._lines["m"]._reloaders.values()
        try:
            return await main(models, reloader.check, metrics)
        finally:
            await models.stop()

    return asyncio.run(run())


def test_the_newest_checkpoint_of_a_store_takes_over(tmp_path):
    store = CheckpointStore(tmp_path)
    store.save(line(2.0), step=1)

    async def main(models, check, metrics):
        seen = [await predicted(models)]
        await check()
        old = models.pick(None, None, None)
        store.save(line(3.0), step=2)
        await check()
        await asyncio.sleep(0)
        seen.append(await predicted(models))
        return seen, old.ready, models.pick(None, None, None) is old, metrics.exposition()

    seen, old_ready, same, exposition = reloading(main, tmp_path)

    assert (seen, old_ready, same) == ([2.0, 3.0], False, False)
    assert b'groundwork_model_reloads_total{model="m",outcome="loaded"} 1.0' in exposition


def test_one_checkpoint_folder_that_is_replaced_takes_over(tmp_path):
    store = CheckpointStore(tmp_path)
    folder = store.save(line(2.0), step=1).path

    async def main(models, check, metrics):
        store.save(line(3.0), step=1)
        await check()
        return await predicted(models)

    assert reloading(main, folder) == 3.0


def test_what_is_asked_meanwhile_is_answered_by_the_old_one(tmp_path):
    store = CheckpointStore(tmp_path)
    store.save(line(2.0), step=1)

    async def main(models, check, metrics):
        old = models.pick(None, None, None)
        waiting = asyncio.create_task(old.batcher.submit(old.adapter.parse([[1.0]])))
        store.save(line(3.0), step=2)
        await check()
        return [round(value, 6) for value in await waiting]

    assert reloading(main, tmp_path) == [2.0]


def test_a_bad_new_one_keeps_the_old_and_is_told_of_once(tmp_path, caplog):
    store = CheckpointStore(tmp_path)
    store.save(line(2.0), step=1)

    async def main(models, check, metrics):
        info = store.save(line(3.0), step=2)
        payload = next(path for path in info.path.rglob("*.skops"))
        payload.write_bytes(b"torn" + payload.read_bytes()[4:])
        await check()
        await check()
        return await predicted(models), models.waiting(), metrics.exposition()

    with caplog.at_level(logging.ERROR, "groundwork.serving"):
        value, waiting, exposition = reloading(
            main,
            Latest(
                lambda: (
                    tmp_path / "step-00000002" if (tmp_path / "step-00000002").exists() else tmp_path / "step-00000001"
                )
            ),
        )

    assert (value, waiting) == (2.0, [])
    assert b'outcome="refused"} 1.0' in exposition
    assert [record.message.startswith("model 'm': the new one in") for record in caplog.records] == [True]


def test_a_new_one_that_cannot_predict_its_example_is_refused(tmp_path):
    store = CheckpointStore(tmp_path)
    store.save(line(2.0), step=1)

    async def main(models, check, metrics):
        broken = line(3.0)
        broken.coef_ = broken.coef_[:0]
        store.save(broken, step=2)
        await check()
        return await predicted(models)

    assert reloading(main, tmp_path) == 2.0


def test_where_the_example_was_never_any_good_the_new_one_takes_over(tmp_path):
    def coded(slope):
        frame = pl.DataFrame({"code": ["a", "b"]})
        return make_pipeline(OneHotEncoder(handle_unknown="error"), LinearRegression()).fit(frame, [0.0, slope])

    store = CheckpointStore(tmp_path)
    store.save(coded(2.0), step=1)

    async def main(models, check, metrics):
        failure = models.pick(None, None, None).failure
        store.save(coded(3.0), step=2)
        await check()
        hosted = models.pick(None, None, None)
        (answer,) = await hosted.batcher.submit_all([hosted.adapter.parse([{"code": "b"}])])
        return failure is None, round(answer[0], 6)

    assert reloading(main, tmp_path) == (False, 3.0)


def test_a_folder_that_is_gone_keeps_the_old(tmp_path):
    store = CheckpointStore(tmp_path / "store")
    store.save(line(2.0), step=1)

    async def main(models, check, metrics):
        (tmp_path / "store").rename(tmp_path / "away")
        await check()
        return await predicted(models)

    assert reloading(main, tmp_path / "store") == 2.0


def test_stopping_while_a_new_one_loads_leaves_the_old_one_to_end(tmp_path, monkeypatch):
    store = CheckpointStore(tmp_path)
    store.save(line(2.0), step=1)
    begun, released = threading.Event(), threading.Event()

    async def main(models, check, metrics):
        store.save(line(3.0), step=2)
        monkeypatch.setattr(CheckpointStore, "info", held)
        task = asyncio.create_task(check())
        await asyncio.to_thread(begun.wait, PATIENCE_S)
        task.cancel()
        released.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        return await predicted(models), metrics.exposition()

    info, calls = CheckpointStore.info, []

    def held(self, which):
        calls.append(which)
        if len(calls) == 2:  # the first only looks; this one loads
            begun.set()
            released.wait(PATIENCE_S)
        return info(self, which)

    value, exposition = reloading(main, tmp_path)

    assert value == 2.0
    assert b"groundwork_model_reloads_total{" not in exposition


class Stuck:
    """A hosted model as a reloader sees it; it never ends, or fails in it."""

    failure = None
    adapter = SimpleNamespace(version="1", input_schema=dict)

    def __init__(self, error=None):
        self.error = error
        self.cancelled = False

    async def start(self):
        pass

    async def stop(self):
        if self.error is not None:
            raise self.error
        try:
            await asyncio.Event().wait()
        finally:
            self.cancelled = True


def replaced_twice(tmp_path, *hosted):
    """Put the second in the place of the first, and the third in that of the second; return what was observed."""
    file, told, at_work = tmp_path / "model.onnx", [], list(hosted)

    async def main():
        fresh = iter(hosted[1:])
        reloader = Reloader(
            file,
            lambda: next(fresh),
            lambda new: at_work.pop(0),
            every_s=3600.0,
            name="m",
            observe=told.append,
            grace_s=0.0,
        )
        for size in (1, 2):
            file.write_bytes(b"x" * size)
            await reloader.check()
        await asyncio.sleep(0)
        await reloader.stop()

    asyncio.run(main())
    return told


def test_an_old_one_that_hangs_does_not_end_the_reloading(tmp_path):
    hosted = [Stuck(), Stuck(), Stuck()]

    told = replaced_twice(tmp_path, *hosted)

    assert told == ["loaded", "loaded"]
    assert [each.cancelled for each in hosted] == [True, True, False]


def test_an_old_one_that_fails_to_end_is_told_of(tmp_path, caplog):
    with caplog.at_level(logging.ERROR, "groundwork.serving"):
        told = replaced_twice(tmp_path, Stuck(ZeroDivisionError()), Stuck(ZeroDivisionError()), Stuck())

    assert told == ["loaded", "loaded"]
    assert [record.message for record in caplog.records] == ["model 'm': the old one did not end as it should"] * 2


def test_a_path_means_a_file_a_checkpoint_or_the_newest_of_a_store(tmp_path):
    file = tmp_path / "model.onnx"
    file.write_bytes(b"x")
    store = CheckpointStore(tmp_path / "store")
    first, second = (store.save(line(1.0), step=step).path for step in (1, 2))

    places = [locate(each) for each in (file, first, tmp_path / "store", Latest(lambda: str(file)), tmp_path / "none")]

    assert places == [file, first, second, file, tmp_path / "none"]
    assert identity(file) != identity(first)
    with pytest.raises(OSError, match="manifest"):
        identity(tmp_path / "none")


def test_a_clock_that_ticks_finds_the_new_one(tmp_path):
    store = CheckpointStore(tmp_path)
    store.save(line(2.0), step=1)

    async def main():
        models = Models({"m": tmp_path}, AppOptions(reload_s=0.001), Metrics())
        await models.start()
        store.save(line(3.0), step=2)
        while await predicted(models) != 3.0:
            await asyncio.sleep(0.001)
        await models.stop()
        return True

    assert asyncio.run(asyncio.wait_for(main(), 30))


def test_nothing_at_all_is_told_at_the_start(tmp_path):
    async def main():
        await Models({"m": Latest(lambda: tmp_path / "none")}, AppOptions(reload_s=1.0), Metrics()).start()

    with pytest.raises(CheckpointNotFoundError):
        asyncio.run(main())


def test_the_version_is_the_step_of_the_checkpoint_that_answers_and_a_reload_is_logged(tmp_path, caplog):
    store = CheckpointStore(tmp_path)
    old = store.save(line(2.0), step=7).path

    async def main(models, check, metrics):
        seen = [models.pick(None, None, None).told_version]
        await check()
        store.save(line(3.0), step=8)
        await check()
        return [*seen, models.pick(None, None, None).told_version]

    with caplog.at_level(logging.INFO, "groundwork.serving"):
        versions = reloading(main, tmp_path)

    assert versions == ["7", "8"]
    told = f"model 'm': version 8 in {old.with_name('step-00000008')} has taken over from version 7 in {old}"
    assert [record.getMessage() for record in caplog.records] == [told]


def test_a_new_one_that_takes_other_rows_is_refused_and_told_of_once(tmp_path, caplog):
    store = CheckpointStore(tmp_path)
    store.save(line(2.0), step=1)

    async def main(models, check, metrics):
        store.save(LinearRegression().fit([[0.0, 1.0], [1.0, 0.0]], [0.0, 1.0]), step=2)
        await check()
        await check()
        return await predicted(models), metrics.exposition()

    with caplog.at_level(logging.ERROR, "groundwork.serving"):
        value, exposition = reloading(main, tmp_path)

    assert value == 2.0
    assert b'outcome="refused"} 1.0' in exposition
    (record,) = caplog.records
    assert "it takes other rows: an instance had 1 values and has 2" in record.getMessage()
