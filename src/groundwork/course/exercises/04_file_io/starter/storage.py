"""Exercise 04: replace a file so that no crash, error or full disk can harm it.

Write ``atomic_write``. The README says what it must do, the guide how to get there, and
``groundwork learn check 04`` which rule to look at next.
"""


def atomic_write(path, mode="wb", *, durable=True, encoding=None, newline=None):
    """Open a file for writing; ``path`` has the new content when the ``with`` block has ended well.

    Args:
        path: The file to create or replace, as text or ``Path``.
        mode: ``"wb"`` for bytes, ``"w"`` for text.
        durable: Whether the content survives a power cut when the block has ended.
        encoding: Of text, as in ``open``.
        newline: Of text, as in ``open``.

    Returns:
        A context manager that gives the file to write to.
    """
    raise NotImplementedError("atomic_write")
