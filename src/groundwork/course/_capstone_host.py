"""The process that drives the capstone: it imports nothing of the learner's, and judges what it has seen.

Rule: as the host of an exercise it alone holds the channel to the grader; the learner's modules run in processes below
it, and all of them end with it. Cost: 0.4 s to start.
"""

import json
import os
import shutil
import sys
import warnings
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from groundwork.course._descendants import end_children
from groundwork.course._limits import adopt_orphans, hide, leave_the_network
from groundwork.course._worker import private_channel
from groundwork.errors import ContractBroken

if TYPE_CHECKING:
    from groundwork.course._capstone_story import Story


def main(home: str, network: str, *hidden: str) -> None:
    """Answer the grader's orders until it closes the channel.

    Args:
        home: A temporary folder; removed at the end.
        network: ``keep`` where something else has taken it away already.
        hidden: What neither the modules nor the suite may read; that one runs in a process that has no guard.
    """
    orders, answers = private_channel()
    os.set_inheritable(orders.fileno(), False)
    os.set_inheritable(answers, False)
    adopt_orphans()
    if network != "keep":
        leave_the_network()
    if hidden:
        hide(hidden)
    warnings.simplefilter("ignore")
    stage = _Stages(Path(home))
    try:
        for line in orders:
            order = json.loads(line)
            answer = stage.answer(order)
            os.write(answers, json.dumps({**answer, "nonce": order["nonce"]}).encode() + b"\n")
    finally:
        stage.end()
        shutil.rmtree(home, ignore_errors=True)


class _Stages:
    def __init__(self, home: Path) -> None:
        # numpy starts threads, and a process that has some leaves no network and hides nothing.
        from groundwork.course._capstone_contract import CAPSTONE
        from groundwork.course._capstone_story import Story

        self._checks, self._new_story = CAPSTONE, Story
        self._home = home
        self._story: Story | None = None
        self._began = 0

    def answer(self, order: dict[str, Any]) -> dict[str, Any]:
        if "load" in order:
            self.end()
            self._began += 1
            folder = self._home / f"story-{self._began}"
            folder.mkdir()
            self._story = self._new_story(order["load"], folder, order["limit_s"])
            return {"error": None}
        if "end" in order or self._story is None:
            self.end()
            return {"broken": "has no story any more"} if "run" in order else {}
        return self._judged(self._story, order["run"])

    def end(self) -> None:
        story, self._story = self._story, None
        if story is not None:
            story.end()
            with suppress(OSError):
                os.write(2, story.output().encode())
            if "judgement" in vars(story):
                from groundwork.testing.contracts.testing import LINK

                LINK.close()
            if sys.platform != "win32":
                end_children()

    def _judged(self, story: "Story", stage: str) -> dict[str, Any]:
        try:
            self._checks[stage].run(story, None)
        except ContractBroken as broken:
            return {"outcome": "failed", "message": broken.message}
        # What a process of the learner's reports may be of any shape; then it is not what was expected.
        except Exception as error:  # noqa: BLE001
            detail = " ".join(str(error).split())[:200]
            return {
                "outcome": "failed",
                "message": f"what the run reports makes no sense ({type(error).__name__}: {detail})",
            }
        return {"outcome": "passed", "message": ""}
