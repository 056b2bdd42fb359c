"""What counts as a refusal: an error that somebody has chosen, not one that broken code runs into."""

from groundwork.errors import ContractBroken

_SLIPS = (TypeError, AttributeError, NameError, ImportError, AssertionError, ArithmeticError, RecursionError)
# AssertionError: python -O takes the assertions away, and with them the refusal.


def expect_chosen(error: Exception, what: str, *, also: tuple[type[Exception], ...] = ()) -> None:
    """Break the contract if this error is a slip of the subject; what is not written, or broken already, goes through.

    Args:
        error: What the subject raised.
        what: What it was asked for.
        also: Classes that are chosen here although they are slips elsewhere.

    Raises:
        ContractBroken: The error is a slip.
    """
    if isinstance(error, (NotImplementedError, ContractBroken)):
        raise error
    if isinstance(error, _SLIPS) and not isinstance(error, also):
        found = f"{type(error).__name__}: {' '.join(str(error).split())[:80]}".removesuffix(": ")
        raise ContractBroken(f"{what} raised {found}; expected an error that says what was wrong with it") from error
