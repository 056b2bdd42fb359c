"""The contract of the testing part: a test suite that passes what is right and finds what is wrong.

One topic; the subject is the learner's file of tests. It asks for no names.
"""

from groundwork.testing._contract import Contract
from groundwork.testing.contracts import _suite_faults
from groundwork.testing.contracts._suite_judge import Judgement as Judgement
from groundwork.testing.contracts._suite_link import LINK as LINK
from groundwork.testing.contracts._suite_modules import wrong as wrong

TOPICS: dict[Contract, tuple[str, ...]] = {_suite_faults.CHECKS: ()}
"""What each topic asks of the implementation, by name."""

CONTRACT = Contract("testing")
for _topic in TOPICS:
    CONTRACT.include(_topic)
