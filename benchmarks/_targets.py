"""Markdown tables, and targets told beside what was measured."""


class Targets:
    """What was promised, and what was missed of it."""

    def __init__(self):
        self.told, self.missed = [], 0

    def most(self, what, value, limit, unit=""):
        self._tell(what, value, f"at most {limit:.4g}{unit}", unit, value <= limit)

    def least(self, what, value, limit, unit=""):
        self._tell(what, value, f"at least {limit:.4g}{unit}", unit, value >= limit)

    def _tell(self, what, value, target, unit, held):
        self.missed += not held
        self.told.append((what, f"{value:.4g}{unit}" if value >= 100 else f"{value:.3g}{unit}", target, _word(held)))


def _word(held):
    return "met" if held else "MISSED"


def table(heads, rows):
    """Print a Markdown table: text left, numbers right."""
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[at]) for row in (heads, *cells)) for at in range(len(heads))]
    right = [at > 0 and all(row[at][:1].isdigit() or row[at] in "-" for row in cells) for at in range(len(heads))]
    for row in (heads, [("-" * (w - 1) + ":" if r else "-" * w) for w, r in zip(widths, right, strict=True)], *cells):
        padded = [cell.rjust(w) if r else cell.ljust(w) for cell, w, r in zip(row, widths, right, strict=True)]
        print(f"| {' | '.join(padded)} |")
    print(flush=True)
