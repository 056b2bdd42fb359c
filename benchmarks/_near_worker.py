"""One contestant of near.py: finds the pairs in a file of one text a line, prints them with seconds and peak memory."""

import json
import resource
import sys
import time


def groundwork(file, threshold, permutations, size):
    import polars as pl

    from groundwork.data import NearText, near_pairs

    frame = pl.read_csv(file, has_header=False, new_columns=["text"], separator="\t", quote_char=None)
    started = time.perf_counter()
    pairs = near_pairs(frame, NearText("text", threshold=threshold, permutations=permutations, size=size))
    return time.perf_counter() - started, list(zip(pairs["left"].to_list(), pairs["right"].to_list(), strict=True))


def datasketch(file, threshold, permutations, size, *, verify=False):
    import unicodedata

    from datasketch import MinHash, MinHashLSH
    from xxhash import xxh32_intdigest

    def shingles(line):
        text = " ".join(unicodedata.normalize("NFKC", line).lower().split())
        return {text[at : at + size].encode() for at in range(max(1, len(text) - size + 1))}

    with open(file, encoding="utf-8") as opened:
        lines = opened.read().split("\n")
    started = time.perf_counter()
    # The bands that groundwork chooses for 0.8 and 128.
    index = MinHashLSH(num_perm=permutations, params=(18, 7))
    sketches = []
    made = MinHash.generator(map(shingles, lines), num_perm=permutations, hashfunc=xxh32_intdigest)
    with index.insertion_session() as session:
        for at, sketch in enumerate(made):
            session.insert(at, sketch, check_duplication=False)
            sketches.append(sketch)
    pairs = {(at, other) for at, sketch in enumerate(sketches) for other in index.query(sketch) if at < other}
    if verify:
        sets = {at: shingles(lines[at]) for at in {at for pair in pairs for at in pair}}
        pairs = {
            (one, other)
            for one, other in pairs
            if len(sets[one] & sets[other]) >= threshold * len(sets[one] | sets[other])
        }
    return time.perf_counter() - started, sorted(pairs)


def main():
    way, file, threshold, permutations, size = sys.argv[1:]
    wish = float(threshold), int(permutations), int(size)
    if way == "groundwork":
        seconds, pairs = groundwork(file, *wish)
    else:
        seconds, pairs = datasketch(file, *wish, verify=way.endswith("verified"))
    # Kilobytes on Linux, bytes on macOS.
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    print(json.dumps({"seconds": seconds, "cpu": time.process_time(), "mb": mb, "pairs": pairs}))


if __name__ == "__main__":
    main()
