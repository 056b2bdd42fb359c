"""How large the content of a file may become.

Rule: a small file must not fill the memory because nobody thought of a limit. Cost: none.
"""

from groundwork.errors import InvalidDataError

_SMALL_BYTES = 1 << 30
_LARGEST_GROWTH = 100


def usual_bound(size: int) -> int:
    """Tell how many bytes a compressed file may become where nobody has said.

    Data at its most repetitive shrinks some 50-fold; bombs start at 1,000.

    Args:
        size: Of the file, in bytes.

    Returns:
        1 GiB, or 100 times the file, whichever is more.
    """
    return max(_SMALL_BYTES, _LARGEST_GROWTH * size)


def too_large(source: str, what: str, max_bytes: int) -> InvalidDataError:
    """Make the error of a file whose content is too large.

    Args:
        source: The file's name.
        what: What is too large, as ``its arrays unpack``.
        max_bytes: The bound.

    Returns:
        The error, to be raised.
    """
    return InvalidDataError(
        f"{source}: {what} to more than max_bytes={max_bytes:,} bytes",
        hint="if you trust the file, give a larger max_bytes, or stream it",
        context={"file": source, "max_bytes": max_bytes},
    )
