"""The capstone's stages, all of them, in their order."""

from groundwork.course._capstone_checks import the_seven_come_together as the_first
from groundwork.course._capstone_days import CAPSTONE
from groundwork.course._capstone_rules import BLAME

CONTRACT = CAPSTONE
FIRST = the_first.__name__

__all__ = ["BLAME", "CAPSTONE", "CONTRACT", "FIRST"]
