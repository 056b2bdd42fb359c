"""How long a process was ready to run and got no processor: what a busy machine takes from a limit on the clock.

Rule: of what runs at once the one that waited longest counts, so nothing is counted twice; where the system does not
tell, nothing is counted. Cost: some 50 microseconds a process and look.
"""

import os
from contextlib import suppress

from groundwork.course._descendants import descendants


class Starvation:
    """Watches a process and all that comes from it.

    Args:
        pid: Of the process.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._known = self._waited()

    def look(self) -> float:
        """Tell what was lost since the last look.

        Returns:
            Seconds.
        """
        before, self._known = self._known, self._waited()
        return max((now - before.get(thread, 0) for thread, now in self._known.items()), default=0) / 1e9

    def _waited(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for pid in (self._pid, *descendants(self._pid)):
            with suppress(OSError):
                for thread in os.listdir(f"/proc/{pid}/task"):
                    with suppress(OSError), open(f"/proc/{pid}/task/{thread}/schedstat", encoding="ascii") as file:
                        found[thread] = int(file.read().split()[1])
        return found
