"""Near duplicates among 50,000 planted texts: groundwork beside datasketch, at the same threshold and permutations.

Texts are of 60 to 240 words of a Zipf vocabulary; one in eight has a copy with some words replaced, so that the exact
Jaccard similarity of their 5-character shingles lies between 0.7 and 0.95. Each contestant runs three times in a
process of its own, reads the same file, and gives its pairs; time is from the texts in memory to the pairs, memory the
peak of the process. datasketch hashes with xxhash, which is faster than its SHA-1, makes its sketches in bulk, and gets
the bands that find as many pairs as ours do (its own choice for 0.8 finds fewer). It runs twice: its candidates as they
are, and with the exact Jaccard of their shingles in Python sets. The targets are over the first of the two.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from _peers import peer_python
from _targets import Targets, table

THRESHOLD, PERMUTATIONS, SIZE = 0.8, 128, 5
WORKER = Path(__file__).parent / "_near_worker.py"


def shingles(text):
    text = " ".join(text.lower().split())
    return {text[at : at + SIZE] for at in range(len(text) - SIZE + 1)}


def jaccard(one, other):
    one, other = shingles(one), shingles(other)
    return len(one & other) / len(one | other)


def texts(documents, seed):
    """Return documents and, of each planted pair, its similarity."""
    rng = random.Random(seed)
    words = [
        "".join(rng.choices("etaoinshrdlucmfwypvbgkjqxz", range(26, 0, -1), k=rng.randint(2, 11)))
        for _ in range(30_000)
    ]
    weights = [1 / (rank + 10) for rank in range(len(words))]
    found, planted = [], {}
    while len(found) < documents:
        original = rng.choices(words, weights, k=rng.randint(60, 240))
        found.append(" ".join(original))
        if rng.random() < 1 / 8 and len(found) < documents:
            wanted, copy = rng.uniform(0.7, 0.95), list(original)
            order = rng.sample(range(len(copy)), len(copy))
            while (likeness := jaccard(found[-1], " ".join(copy))) > wanted:
                copy[order.pop()] = rng.choice(words)
            planted[len(found) - 1, len(found)] = likeness
            found.append(" ".join(copy))
    order = rng.sample(range(documents), documents)
    place = {before: after for after, before in enumerate(order)}
    pairs = {tuple(sorted((place[one], place[other]))): likeness for (one, other), likeness in planted.items()}
    return [found[before] for before in order], pairs


def measured(python, way, file, runs):
    """Return the best seconds, CPU seconds of the whole process, the largest peak and the pairs."""
    results = []
    for _ in range(runs):
        command = [python, str(WORKER), way, str(file), str(THRESHOLD), str(PERMUTATIONS), str(SIZE)]
        results.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
    best = min(results, key=lambda run: run["seconds"])
    return best["seconds"], best["cpu"], max(run["mb"] for run in results), best["pairs"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=50_000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    documents, planted = texts(options.documents, seed=0)
    near = {pair for pair, likeness in planted.items() if likeness >= THRESHOLD}
    size = sum(map(len, documents))
    print(f"{len(documents):,} texts, {size / 1e6:.0f} MB; {len(planted):,} pairs planted,", end=" ")
    print(f"{len(near):,} of J >= {THRESHOLD}\n")
    peer = peer_python("datasketch", "datasketch==2.0.0", f"numpy=={version('numpy')}", "xxhash==3.8.1")
    ways = [("groundwork", sys.executable), ("datasketch", peer), ("datasketch-verified", peer)]
    rows, found = [], {}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "texts.txt"
        file.write_text("\n".join(documents), encoding="utf-8")
        for way, python in ways:
            seconds, cpu, mb, pairs = measured(python, way, file, options.runs)
            told = {tuple(pair) for pair in pairs}
            right = sum(jaccard(documents[one], documents[other]) >= THRESHOLD for one, other in told)
            recall, precision = len(told & near) / len(near), right / len(told)
            found[way] = seconds, mb, recall, precision
            name = way.replace("-", ", ")
            rate = f"{len(documents) / seconds:,.0f}"
            rows.append(
                [
                    name,
                    f"{seconds:.1f}",
                    f"{cpu:.1f}",
                    rate,
                    f"{size / seconds / 1e6:.1f}",
                    f"{mb:.0f}",
                    f"{recall:.4f}",
                    f"{precision:.4f}",
                ]
            )
    table(["way", "seconds", "CPU s", "texts/s", "MB/s", "peak MB", "recall", "precision"], rows)
    ours, theirs = found["groundwork"], found["datasketch"]
    targets = Targets()
    targets.least("throughput over datasketch's", theirs[0] / ours[0], 1)
    targets.most("peak memory over datasketch's", ours[1] / theirs[1], 0.5)
    targets.least("recall at J >= 0.8", ours[2], 0.95)
    targets.least("precision at J >= 0.8", ours[3], 0.99)
    table(["what", "measured", "target", ""], targets.told)
    return 1 if targets.missed else 0


if __name__ == "__main__":
    sys.exit(main())
