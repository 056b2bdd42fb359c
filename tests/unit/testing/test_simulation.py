import errno
import os
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork._failpoints import failpoint
from groundwork.errors import TransientError, UsageError
from groundwork.testing import Fault, FaultKind, FaultPlan, Killed, Simulation, VirtualClock

SITES = {"storage.a.before_fsync": 3, "os.write": 8, "os.unlink": 2, "pipeline.train.started": 1, "work.fetch": 2}


def machine(*faults, **options):
    return Simulation(FaultPlan(faults), **options)


def test_a_dry_run_counts_the_places_that_a_program_passes(tmp_path):
    simulation = machine()

    with simulation.process():
        failpoint("work.fetch")
        failpoint("work.fetch")
        (tmp_path / "folder").mkdir()
        (tmp_path / "file").write_text("one")
        (tmp_path / "file").unlink()

    reached = {"work.fetch": 2, "os.mkdir": 1, "os.open": 1, "os.write": 1, "os.unlink": 1}
    assert (Counter(reached), [], 0) == (simulation.reached, simulation.struck, simulation.kills)


def test_a_fault_strikes_at_its_arrival_and_once_whatever_process_comes_there():
    fault = Fault("work.fetch", 3, FaultKind.TRANSIENT)
    simulation = machine(fault)

    with simulation.process():
        failpoint("work.fetch")
        failpoint("work.fetch")
    with simulation.process(), pytest.raises(TransientError, match="arrival 3"):
        failpoint("work.fetch")
    with simulation.process():
        failpoint("work.fetch")

    assert [fault] == simulation.struck


@pytest.mark.parametrize("kind", [FaultKind.EIO, FaultKind.ENOSPC])
def test_a_disk_error_has_its_number_and_leaves_the_file_alone(tmp_path, kind):
    with machine(Fault("os.open", 1, kind)).process(), pytest.raises(OSError, match="arrival 1") as caught:
        (tmp_path / "file").write_text("one")

    assert (getattr(errno, kind), []) == (caught.value.errno, list(tmp_path.iterdir()))


def test_a_delay_moves_the_clock_of_the_machine():
    clock = VirtualClock()

    with machine(Fault("work.fetch", 1, FaultKind.DELAY, 60.0), clock=clock).process():
        failpoint("work.fetch")

    assert clock.monotonic() == 60


def test_a_killed_process_ends_and_neither_its_handlers_nor_its_clean_up_leave_a_trace(tmp_path):
    simulation = machine(Fault("work.fetch", 1, FaultKind.KILL))
    temporary = tmp_path / "temporary"
    went_on = False

    with simulation.process():
        temporary.write_text("half")
        try:
            failpoint("work.fetch")
            went_on = True
        finally:
            (tmp_path / "more").mkdir()
            temporary.unlink()

    assert (False, 1) == (went_on, simulation.kills)
    assert ["temporary"] == [path.name for path in tmp_path.iterdir()]


def test_who_survives_a_kill_by_a_broad_except_meets_it_again():
    simulation = machine(Fault("work.fetch", 1, FaultKind.KILL))
    survived = []

    with simulation.process():
        try:
            failpoint("work.fetch")
        except BaseException:
            survived.append(1)
        failpoint("work.other")
        survived.append(2)

    assert ([1], 1) == (survived, simulation.kills)


def test_what_cleans_up_after_a_kill_still_closes_its_files_so_that_their_locks_end(tmp_path):
    fcntl = pytest.importorskip("fcntl")
    simulation = machine(Fault("os.unlink", 1, FaultKind.KILL))
    path = tmp_path / "lock"

    with simulation.process():
        file = open(path, "w")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        finally:
            try:
                os.unlink(path)
            except OSError:
                file.close()

    with open(path) as again:
        fcntl.flock(again, fcntl.LOCK_EX | fcntl.LOCK_NB)
    assert simulation.kills == 1


def test_a_torn_write_leaves_its_first_half(tmp_path):
    simulation = machine(Fault("os.write", 1, FaultKind.TORN))

    with simulation.process():
        (tmp_path / "file").write_bytes(b"12345678")
        (tmp_path / "other").write_bytes(b"late")

    assert (b"1234", 1) == ((tmp_path / "file").read_bytes(), simulation.kills)
    assert not (tmp_path / "other").exists()


def test_a_byte_cannot_be_torn_so_the_process_is_killed_before_it(tmp_path):
    simulation = machine(Fault("os.write", 1, FaultKind.TORN))

    with simulation.process():
        (tmp_path / "file").write_bytes(b"1")

    assert (b"", 1) == ((tmp_path / "file").read_bytes(), simulation.kills)


def test_an_error_of_a_living_process_comes_out():
    simulation = machine()

    with pytest.raises(KeyError), simulation.process():
        raise KeyError

    assert simulation.kills == 0


def test_after_a_kill_the_next_process_lives_and_the_disk_is_as_before(tmp_path):
    simulation = machine(Fault("work.fetch", 1, FaultKind.KILL))

    with simulation.process():
        failpoint("work.fetch")
    with simulation.process():
        (tmp_path / "file").write_text("whole")
    os.mkdir(tmp_path / "folder")

    assert "whole" == (tmp_path / "file").read_text()


def test_a_kill_of_ones_own_takes_the_place_of_the_simulated_one():
    class Gone(BaseException):
        pass

    def end():
        raise Gone

    simulation = machine(Fault("os.mkdir", 1, FaultKind.KILL), kill=end)

    seen = []
    with simulation.process():
        try:
            os.mkdir("nowhere")
        except Gone as gone:
            seen.append(type(gone))

    assert [Gone] == seen


def test_syncs_are_counted_and_told_apart(tmp_path):
    simulation = machine()

    with open(tmp_path / "file", "w") as file, simulation.process():
        os.fsync(file.fileno())
        os.fsync(file.fileno())
        if more := hasattr(os, "fdatasync"):
            os.fdatasync(file.fileno())

    assert {"os.fsync": 2, **({"os.fdatasync": 1} if more else {})} == dict(simulation.reached)


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 10**9), st.integers(1, 8))
def test_a_plan_follows_from_its_seed_and_fits_its_sites(seed, most):
    plan = FaultPlan.draw(seed, SITES, most=most)

    assert plan == FaultPlan.draw(seed, dict(reversed(SITES.items())), most=most)
    assert 1 <= len(plan.faults) <= most
    for fault in plan.faults:
        assert 1 <= fault.hit <= 1.5 * SITES[fault.site]
        assert (fault.kind is FaultKind.DELAY) == (fault.delay_s > 0)


def kinds_at(site):
    return {FaultPlan.draw(seed, {site: 1}, most=1).faults[0].kind for seed in range(200)}


def test_each_kind_of_place_has_the_faults_that_happen_there():
    disk = {FaultKind.EIO, FaultKind.ENOSPC, FaultKind.KILL}
    silent = {FaultKind.TRANSIENT, FaultKind.KILL, FaultKind.DELAY}

    assert disk | {FaultKind.TORN} == kinds_at("os.write")
    assert disk == kinds_at("os.fsync")
    assert {FaultKind.KILL} == kinds_at("os.unlink") == kinds_at("os.rmdir")
    assert disk | {FaultKind.DELAY} == kinds_at("storage.journal.before_append")
    assert {FaultKind.EIO, *silent} == kinds_at("serving.load.before_read")
    assert silent == kinds_at("concurrency.batcher.before_predict") == kinds_at("work.fetch")
    assert {FaultKind.KILL, FaultKind.DELAY} == kinds_at("pipeline.train.ended")


def test_a_plan_for_no_places_is_an_error_that_says_where_places_come_from():
    with pytest.raises(UsageError, match="no place was reached") as caught:
        FaultPlan.draw(1, {})

    assert "Simulation.process()" in caught.value.hint


def test_a_plan_can_be_read():
    plan = FaultPlan((Fault("os.write", 2, FaultKind.TORN), Fault("work.fetch", 1, FaultKind.DELAY, 60.0)))

    assert "TORN at os.write, arrival 2; DELAY 60 s at work.fetch, arrival 1" == str(plan)
    assert "no faults" == str(FaultPlan())


def test_a_simulated_death_is_no_exception_that_programs_catch():
    assert not issubclass(Killed, Exception)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Fault("os.replce", 1, FaultKind.KILL), "os.replce would never strike; .*replace"),
        (lambda: Fault("os.replace", 0, FaultKind.KILL), "arrival 1 or a later one, and not at 0"),
        (lambda: Fault("os.replace", True, FaultKind.KILL), "and not at True"),
        (lambda: Fault("os.replace", 1, "KILL"), "FaultKind, and not 'KILL'; give one, as FaultKind.KILL"),
        (lambda: Fault("work.fetch", 1, FaultKind.DELAY, -1.0), "cannot delay by -1.0 s"),
        (lambda: FaultPlan([Fault("os.write", 1, FaultKind.KILL)]), "a tuple of Fault"),
        (lambda: FaultPlan(Fault("os.write", 1, FaultKind.KILL)), "a tuple of Fault"),
    ],
)
def test_a_fault_that_could_not_happen_is_refused(make, words):
    with pytest.raises(UsageError, match=words):
        make()


def test_a_place_that_nothing_passes_is_told():
    never, late = Fault("work.fech", 1, FaultKind.KILL), Fault("work.fetch", 9, FaultKind.KILL)
    simulation = machine(never, late)

    with simulation.process():
        failpoint("work.fetch")

    assert simulation.missed == [never]
