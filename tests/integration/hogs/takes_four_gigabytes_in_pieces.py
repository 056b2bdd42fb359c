"""Takes 4 GB and more in pieces, and fills none of them."""

import mmap

kept = []


def total(numbers):
    while True:
        kept.append(mmap.mmap(-1, 2**26))
