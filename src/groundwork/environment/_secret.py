"""A text that must not be shown.

Rule: nothing that prints, logs, formats, serializes or inspects a ``Secret`` meets its text; only ``reveal()`` does.
"""

from typing import Any, NoReturn

from groundwork.errors import UsageError

MASK = "**********"


class Secret:
    """A password, token or key, masked wherever it is shown.

    It is true when it holds any text, and equal to another ``Secret`` of the same text. Copies are the same object.

    Args:
        text: What to keep.

    Raises:
        UsageError: ``text`` is no ``str``.
    """

    __slots__ = ("__weakref__", "_text")

    def __init__(self, text: str) -> None:
        if not isinstance(text, str):
            raise UsageError(f"a Secret holds text, not {type(text).__name__}", hint="pass a str")
        self._text = text

    def reveal(self) -> str:
        """Return the text itself; hand it straight to who needs it."""
        return self._text

    def __repr__(self) -> str:
        return f"Secret({MASK!r})"

    def __str__(self) -> str:
        return MASK

    def __format__(self, form: str) -> str:
        return format(MASK, form)

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        import hmac

        # In constant time, so that a comparison with a guess does not tell how much of it was right.
        return hmac.compare_digest(_bytes(self._text), _bytes(other._text))

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __copy__(self) -> "Secret":
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> "Secret":
        return self

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise UsageError(
            "a Secret is not pickled: its text would lie open in a file or a queue",
            hint="load the settings again in the other process, or pass reveal() on purpose",
        )

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(
            _accepted,
            json_schema_input_schema=core_schema.str_schema(),
            serialization=core_schema.plain_serializer_function_ser_schema(str, return_schema=core_schema.str_schema()),
        )


def _accepted(value: Any) -> Secret:
    """Take what a pydantic model is given; it turns a ``ValueError`` into a mistake of its own."""
    if not isinstance(value, str | Secret):
        raise ValueError("a secret is text")
    return value if isinstance(value, Secret) else Secret(value)


def _bytes(text: str) -> bytes:
    # A variable of the system may hold bytes that are no UTF-8, which Python keeps as lone surrogates.
    return text.encode("utf-8", "surrogatepass")
