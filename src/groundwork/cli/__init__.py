"""The groundwork command."""

__all__ = ["main"]


def main() -> None:
    """Run the command line and exit; a Ctrl-C ends it with a word, also while it is still being imported."""
    import sys

    try:
        from groundwork.cli import _entry

        _entry.main()
    except KeyboardInterrupt:
        sys.stderr.write("stopped\n")
        sys.exit(130)
