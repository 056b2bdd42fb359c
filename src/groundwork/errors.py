"""Every error that groundwork raises, sorted by whose fault it is.

Rule: ``UsageError`` is the caller's to mend, ``WorldError`` the world's; anything else that escapes is a bug of ours.
A message says what, which value and what to do next. Standard library only: bootstrap.py runs this before anything
is installed.
"""

import pickle
from collections.abc import Mapping
from typing import Any, ClassVar


class MLException(Exception):
    """The root of groundwork's errors.

    Survives pickle with code, hint, context and cause, so that a process pool or a journal loses nothing. A foreign
    cause, or a fact of the context, that pickle cannot bring back arrives in its words.

    Args:
        message: What is wrong, with the value.
        code: Stable identifier for programs; each class has a default.
        hint: What to do next, one sentence or one command.
        context: Further facts by name, as file, row and column.

    Attributes:
        message: As given.
        code: As given, or the default of the class.
        hint: As given, or None.
        context: A dict; empty where nothing was given.
    """

    default_code: ClassVar[str] = "error"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        hint: str | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.hint = hint
        self.context: dict[str, Any] = dict(context or {})

    def __reduce__(self) -> tuple[Any, ...]:
        state = {**self.__dict__, "__causes__": _portable_causes(self)}
        state["context"] = {name: value if _portable(value) else repr(value) for name, value in self.context.items()}
        return _revive, (type(self), self.args), {**state, "__notes__": getattr(self, "__notes__", [])}

    def __setstate__(self, state: dict[str, Any] | None) -> None:
        state = dict(state or {})
        causes = state.pop("__causes__", [])
        notes = state.pop("__notes__", [])
        self.__dict__.update(state)
        for error, cause in zip([self, *causes], causes, strict=False):
            error.__cause__ = cause
        for note in notes:
            self.add_note(note)

    def to_dict(self) -> dict[str, Any]:
        """Return the error as plain data for logs, journals and ``result.json``.

        Returns:
            type, code, message, hint, context, and under ``cause`` the same of the cause, or None.
        """
        return describe(self)


def describe(error: BaseException) -> dict[str, Any]:
    """Describe any error as plain data, with its chain of causes.

    Args:
        error: The error, of groundwork or not.

    Returns:
        ``type``, ``message`` and ``cause`` (the same, or None); of a group also its ``errors``; for an ``MLException``
        its ``to_dict()``.
    """
    return _facts(error, ())


def first_line(error: BaseException) -> str:
    """Return the first line of an error's message, for a message of our own; its type if it has none.

    Args:
        error: The error, as polars or an estimator raised it.
    """
    lines = _words(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def _facts(error: BaseException, outer: tuple[BaseException, ...]) -> dict[str, Any]:
    chain, cause = (*outer, error), error.__cause__
    # Whoever writes `raise error from error` makes a circle, which ends where it began.
    known = cause is None or any(cause is each for each in chain)
    told: dict[str, Any] = {
        "type": type(error).__name__,
        "message": _words(error),
        "cause": None if known or cause is None else _facts(cause, chain),
    }
    if isinstance(error, BaseExceptionGroup):
        told["errors"] = [_facts(each, chain) for each in error.exceptions]
    if isinstance(error, MLException):
        told |= {"code": error.code, "hint": error.hint, "context": error.context}
    return told


def _words(error: BaseException) -> str:
    try:
        # Python's own MemoryError has no message.
        return str(error) or type(error).__name__
    except Exception:  # noqa: BLE001 - a foreign class may fail in any way, and its failure must be told all the same
        return type(error).__name__


def _portable_causes(error: BaseException) -> list[BaseException]:
    """Return the causes one by one, since pickle leaves out that of a foreign error; one of ours brings its own."""
    chain: list[BaseException] = [error]
    causes: list[BaseException] = []
    while (cause := chain[-1].__cause__) is not None and not any(cause is each for each in chain):
        chain.append(cause)
        if isinstance(cause, MLException):
            return [*causes, cause]
        causes.append(cause if _portable(cause) else MLException(f"{type(cause).__name__}: {_words(cause)}"))
    return causes


def _portable(value: Any) -> bool:
    if value is None or isinstance(value, bool | int | float | str):
        return True
    try:
        pickle.loads(pickle.dumps(value))  # noqa: S301 - our own bytes of this instant
    except Exception:  # noqa: BLE001 - a foreign class may fail in any way, on either side
        return False
    return True


def _revive(cls: type[MLException], args: tuple[Any, ...]) -> MLException:
    # A subclass may ask for other arguments; pickle restores its attributes right after.
    error = cls.__new__(cls)
    error.args = args
    return error


class UsageError(MLException):
    """The caller gave something that cannot work; trying again will not help."""

    default_code = "usage"


class ConfigurationError(UsageError):
    """A configuration is wrong: unknown key, bad value, impossible combination."""

    default_code = "configuration"


class InvalidDataError(UsageError):
    """Data break their schema; the context names file, row and column where they are known."""

    default_code = "invalid_data"


class LeakageError(InvalidDataError):
    """The data give the answer away and the project says that this is an error."""

    default_code = "leakage"


class UnsupportedFormatError(UsageError):
    """No reader or writer is registered for this file suffix."""

    default_code = "unsupported_format"


class PathEscapeError(UsageError):
    """A path leads out of the folder it must stay in."""

    default_code = "path_escape"


class GateMissedError(UsageError):
    """A run that missed its gates was to be served or promoted without ``--force``."""

    default_code = "gate_missed"


class RunNotFoundError(UsageError):
    """There is no such run."""

    default_code = "run_not_found"


class UnknownPluginError(UsageError):
    """A name or import path does not lead to anything that can be used."""

    default_code = "unknown_plugin"


class WorldError(MLException):
    """The world failed: disk, network, another process, time."""

    default_code = "world"


class TransientError(WorldError):
    """A failure that may pass; what ``retry`` retries unless told otherwise.

    Args:
        message: What failed.
        retry_after_s: Seconds the other side asked to wait, or None.
        code: See ``MLException``.
        hint: See ``MLException``.
        context: See ``MLException``.

    Raises:
        ConfigurationError: ``retry_after_s`` is no number of seconds, which nobody could wait for.
    """

    default_code = "transient"

    def __init__(
        self,
        message: str,
        *,
        retry_after_s: float | None = None,
        code: str | None = None,
        hint: str | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message, code=code, hint=hint, context=context)
        known = isinstance(retry_after_s, int | float) and not isinstance(retry_after_s, bool)
        if retry_after_s is not None and not (known and retry_after_s >= 0):
            raise ConfigurationError(
                f"retry_after_s={retry_after_s!r} is no time to wait; give seconds, 0 or more, or None",
                hint="resilience.parse_retry_after reads the header",
            )
        self.retry_after_s = retry_after_s


class Overloaded(TransientError):
    """A queue is full or a limit reached; the work was not begun."""

    default_code = "overloaded"


class RateLimited(TransientError):
    """A caller used up its share; ``retry_after_s`` says when there is more."""

    default_code = "rate_limited"


class DeadlineExceeded(WorldError):
    """The time given for an operation ran out."""

    default_code = "deadline_exceeded"


class CircuitOpen(WorldError):
    """A circuit breaker refused the call without trying it.

    Args:
        message: Which breaker, and why.
        name: The breaker's name; also in the context, like the next two.
        state: Its state.
        retry_after_s: Seconds until it lets a call through, or None if that is not known.
        code: See ``MLException``.
        hint: See ``MLException``.
        context: See ``MLException``.
    """

    default_code = "circuit_open"

    def __init__(
        self,
        message: str,
        *,
        name: str = "",
        state: str = "open",
        retry_after_s: float | None = None,
        code: str | None = None,
        hint: str | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> None:
        facts = {"name": name, "state": state, "retry_after_s": retry_after_s} if name else {}
        super().__init__(message, code=code, hint=hint, context={**facts, **(context or {})})
        self.name = name
        self.state = state
        self.retry_after_s = retry_after_s


class RetryExhausted(WorldError):
    """Every attempt failed, or there was no time or budget for another; the last failure is the cause.

    Args:
        message: What was tried, and why no more.
        attempts: How many attempts there were.
        seconds: Time from the first attempt until this was raised.
        retry_after_s: Seconds the last failure asked to wait, or None.
        code: See ``MLException``.
        hint: See ``MLException``.
        context: See ``MLException``.
    """

    default_code = "retry_exhausted"

    def __init__(
        self,
        message: str,
        *,
        attempts: int = 0,
        seconds: float = 0.0,
        retry_after_s: float | None = None,
        code: str | None = None,
        hint: str | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message, code=code, hint=hint, context=context)
        self.attempts = attempts
        self.seconds = seconds
        self.retry_after_s = retry_after_s


class StorageError(WorldError):
    """A file could not be written or read, for a reason outside the program."""

    default_code = "storage"


class DurabilityUnknownError(StorageError):
    """The new file is visible, but the system could not confirm that it would survive a power cut."""

    default_code = "durability_unknown"


class CheckpointCorrupt(StorageError):
    """A checkpoint's files differ from its manifest."""

    default_code = "checkpoint_corrupt"


class UnsafeCheckpoint(StorageError):
    """Loading would run code that nobody has trusted."""

    default_code = "unsafe_checkpoint"


class CheckpointNotFoundError(StorageError):
    """There is no checkpoint of that step, or none at all."""

    default_code = "checkpoint_not_found"


class VersionSkew(WorldError):
    """Something was written by a version that this one cannot read safely; both versions are named."""

    default_code = "version_skew"


class Locked(WorldError):
    """Another process holds what was asked for."""

    default_code = "locked"


class ModelNotFoundError(WorldError):
    """The server or folder has no model of that name or version."""

    default_code = "model_not_found"


class ModelNotReadyError(TransientError):
    """The model is known, but not yet loaded or already draining."""

    default_code = "model_not_ready"


class PredictionError(WorldError):
    """A model failed on an input that passed validation."""

    default_code = "prediction_failed"


class TrainingFailedError(WorldError):
    """Training ended without a usable model."""

    default_code = "training_failed"


class GPUOutOfMemoryError(TrainingFailedError):
    """The accelerator's memory ran out."""

    default_code = "gpu_out_of_memory"


class EnvironmentBroken(WorldError):
    """The Python environment is not what its lock says, or cannot be made so."""

    default_code = "environment_broken"


class PipelineError(WorldError):
    """A pipeline step failed; the cause says why."""

    default_code = "pipeline"


class JournalCorrupt(StorageError):
    """A journal is damaged before its last line, which a crash alone cannot do."""

    default_code = "journal_corrupt"


class ContractBroken(MLException):
    """An implementation breaks a rule of its contract; the message says how, in one sentence."""

    default_code = "contract_broken"
