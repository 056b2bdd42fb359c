"""The answers of a call's blocks, as one: an answer, or the error that stands for all that failed.

Rule: the client's mistakes come first, all of them; else the model's failure is named by the first row it failed on.
"""

from collections.abc import Sequence
from typing import Any

from groundwork.errors import InvalidDataError, PredictionError
from groundwork.serving._block import Block, join_answers
from groundwork.serving._mistakes import Mistake, mistakes_of


def whole_answer(answers: Sequence[Any], blocks: Sequence[Block]) -> Any:
    """Return one answer for all blocks of a call.

    Args:
        answers: One a block, in order.
        blocks: What they answer.

    Returns:
        The answer, over all rows.

    Raises:
        BaseException: What stands for the blocks that failed; rows are counted over all blocks.
    """
    if len(answers) == 1:
        (answer,) = answers
        if isinstance(answer, BaseException):
            raise answer
        return answer
    failures: list[tuple[int, BaseException]] = []
    first_row = 0
    for answer, block in zip(answers, blocks, strict=True):
        if isinstance(answer, BaseException):
            failures.append((first_row, answer))
        first_row += block.rows
    if failures:
        raise _one(failures)
    return join_answers(answers)


def _one(failures: list[tuple[int, BaseException]]) -> BaseException:
    mistakes: list[Mistake] = []
    for first_row, error in failures:
        if not isinstance(error, Exception):
            return error
        if isinstance(error, InvalidDataError):
            for mistake in mistakes_of(error):
                row = mistake["row"]
                mistakes.append({**mistake, "row": None if row is None else first_row + row})
    if mistakes:
        return InvalidDataError("instances break the schema", context={"mistakes": mistakes})
    first_row, error = failures[0]
    row = error.context.get("row") if isinstance(error, PredictionError) else None
    if isinstance(row, int) and first_row:
        row += first_row
        moved = PredictionError(
            f"the model failed on instances[{row}]; the server's log says why", context={"row": row}
        )
        moved.__cause__ = error.__cause__
        return moved
    return error
