"""The contract of ``DatasetIndex``: samples drawn by chance, and look-ups among many."""

from collections import Counter
from pathlib import Path
from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing._contract import Level
from groundwork.testing._lab import Lab
from groundwork.testing.contracts._data_scenes import (
    Counted,
    chance_of_others,
    elsewhere,
    expect_error,
    operations_of,
)
from groundwork.testing.contracts._failures import expect
from groundwork.testing.contracts._indexing import CHECKS as CHECKS
from groundwork.testing.contracts._indexing import ids, index_of

SAMPLES = 3000


def _crowd(subject: Any) -> Any:
    """Index 120 samples: 90 cats, 24 dogs, 6 owls; each third is a test sample."""
    labels = ["owl" if nth % 20 == 7 else "dog" if nth % 5 == 1 else "cat" for nth in range(120)]
    return index_of(
        subject,
        [subject.Sample(f"s{nth}", label, "train" if nth % 3 else "test") for nth, label in enumerate(labels)],
    )


def _drawn(subject: Any, folder: Path, nth: int) -> list[str]:
    return ids(_crowd(subject).balanced_sample(5, seed=11))


@CHECKS.check(
    Level.EDGE,
    rule="A balanced sample has as many of each label as was asked for, no sample twice unless replace allows it.",
    why="With 90 cats to 6 owls a model that says cat is right nine times in ten, and useless.",
    hint="For each label, in a sorted order: random.Random(seed).sample(...), or choices with replace.",
    after=["samples_are_found_by_what_they_are"],
)
def a_balanced_sample_has_as_many_of_each(subject: Any, lab: Lab) -> None:
    """Five of each; of train only; more than there are."""
    index = _crowd(subject)
    for split in (None, "train"):
        chosen = index.balanced_sample(4, seed=1, split=split)
        expect(Counter(each.label for each in chosen), Counter(cat=4, dog=4, owl=4), f"labels with split={split!r}")
        expect(len(set(ids(chosen))), 12, f"different samples with split={split!r}")
    expect({each.split for each in chosen}, {"train"}, "splits of what was drawn with split='train'")
    expect_error(lambda: index.balanced_sample(7, seed=1), "seven of each with six owls", naming="owl")
    chosen = index.balanced_sample(7, seed=1, replace=True)
    expect(Counter(each.label for each in chosen), Counter(cat=7, dog=7, owl=7), "labels with replace=True")


@CHECKS.check(
    Level.FAULT,
    rule="What is drawn depends on the seed alone: not on global chance, not on the process; and it leaves both alone.",
    why="random.seed(0) inside a library makes every other draw of the program the same in each run, dropout included.",
    hint="A generator of your own from the seed; and never draw from a set of texts, whose order differs by process.",
    after=["a_balanced_sample_has_as_many_of_each"],
)
def a_draw_depends_on_the_seed_alone(subject: Any, lab: Lab) -> None:
    """Twice here, with other global seeds; once in another process; and with other seeds."""
    drawn = []
    for seed in (1, 2):
        with chance_of_others("balanced_sample", seed):
            drawn.append(_drawn(subject, lab.folder, 0))
    expect(drawn[0], drawn[1], "what seed 11 draws, whatever the global generator says")
    expect(elsewhere(subject, lab, _drawn), drawn[0], "what seed 11 draws in another process")
    others = [tuple(ids(_crowd(subject).balanced_sample(5, seed=seed))) for seed in range(5)]
    if len(set(others)) < 5:
        raise ContractBroken(f"five seeds gave {len(set(others))} different samples; expected five")


@CHECKS.check(
    Level.LOAD,
    rule="A look-up or a change costs what it finds, not what there is.",
    why="A loop over all samples inside the loop over all samples: 50,000 pictures take an hour, 5,000 took a minute.",
    hint="A dict for each question: by id, by label, by split, by the values of each key in indexed.",
    after=["a_change_is_seen_everywhere", "a_removed_sample_is_nowhere"],
)
def a_look_up_does_not_scan(subject: Any, lab: Lab) -> None:
    """Hashes and comparisons are counted, with 3,000 samples of which each value has three."""
    samples = [
        subject.Sample(
            Counted(f"s{nth}"),
            Counted(f"label {nth % 1000}"),
            Counted(f"split {nth % 1000}"),
            {"camera": Counted(f"camera {nth % 1000}")},
        )
        for nth in range(SAMPLES)
    ]
    index = index_of(subject, samples)
    lone = subject.Sample(Counted("s2500"), Counted("label 7"), Counted("split 7"), {"camera": Counted("camera 7")})
    for name, call in (
        ("get", lambda: index.get(Counted("s1500"))),
        ("in", lambda: Counted("s1500") in index),
        ("by_label", lambda: index.by_label(Counted("label 5"))),
        ("by_split", lambda: index.by_split(Counted("split 5"))),
        ("where", lambda: index.where(camera=Counted("camera 5"))),
        ("assign", lambda: index.assign(Counted("s1501"), Counted("split 6"))),
        ("replace", lambda: index.replace(lone)),
        ("remove", lambda: index.remove(Counted("s1502"))),
        ("add", lambda: index.add(subject.Sample(Counted("new"), Counted("label 8")))),
    ):
        if (found := operations_of(call)) > SAMPLES // 10:
            raise ContractBroken(f"{name}: {found:,} hashes and comparisons among 3,000 samples; expected a few")
