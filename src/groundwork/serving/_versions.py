"""Several versions of one model: who gets which, and who only watches.

Rule: a call that names a version gets it; the others are shared out by weight. A shadow version is asked what the
others are asked, but never at their cost: it is skipped when it is behind, and what it answers is only counted.
"""

import asyncio
import random
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from groundwork.errors import ConfigurationError
from groundwork.serving._block import Adapter, Block
from groundwork.serving._executors import KINDS, Kind

ROUTING_HEADER = b"x-routing-key"
_SHARES = 2**32


@dataclass(frozen=True, kw_only=True)
class Served:
    """A model, and where it runs; for models that need other than the app's options.

    Attributes:
        model: As ``create_app`` takes it.
        executor: "auto", "inline", "thread" or "process"; None means the app's.
        threads: How many of its batches may run at once, in threads or processes of its own; None means the app's.
    """

    model: Any
    executor: Kind | None = None
    threads: int | None = None

    def __post_init__(self) -> None:
        if self.executor is not None and self.executor not in KINDS:
            raise ConfigurationError(f"executor is {self.executor!r}; it must be one of {', '.join(KINDS)}")
        if self.threads is not None and self.threads < 1:
            raise ConfigurationError(f"threads is {self.threads}; it must be at least 1")


class Versions:
    """Several versions of one model under one name.

    Args:
        versions: Version to model, each as ``create_app`` takes it.
        weights: What share of the calls that name no version each version gets; those not named get none. None sends
            them all to the first. Calls with the same ``X-Routing-Key`` get the same version.
        shadow: A version that is asked whatever the others are asked, its answers thrown away.

    Raises:
        ConfigurationError: There is no version, a weight is no share, or a name is unknown.
    """

    def __init__(
        self, versions: Mapping[str, Any], *, weights: Mapping[str, float] | None = None, shadow: str | None = None
    ) -> None:
        if not versions:
            raise ConfigurationError("there is no version to serve", hint='Pass at least one, as {"1": model}.')
        self.versions = dict(versions)
        answering = [name for name in versions if name != shadow]
        given = dict(weights) if weights is not None else dict.fromkeys(answering[:1], 1.0)
        unknown = [name for name in (*given, *([shadow] if shadow is not None else [])) if name not in versions]
        if unknown:
            raise ConfigurationError(f"there is no version {unknown[0]!r}; there are: {', '.join(versions)}")
        if not answering or any(not 0 <= weight < float("inf") for weight in given.values()) or not sum(given.values()):
            raise ConfigurationError(
                f"weights are {given}; they must be 0.0 or more, one of them above",
                hint="A shadow version alone answers nobody.",
            )
        if shadow is not None and given.get(shadow, 0.0):
            raise ConfigurationError(
                f"version {shadow!r} is the shadow and has a weight", hint="A shadow answers nobody; give it no weight."
            )
        total = sum(given.values())
        self.shares = {name: given.get(name, 0.0) / total for name in answering}
        self.shadow = shadow


class Split:
    """Picks versions by their shares.

    Args:
        shares: Of each version; together 1.0.
        seed: For calls without a routing key.
    """

    def __init__(self, shares: Mapping[str, float], seed: int | None = None) -> None:
        self._random = random.Random(seed)
        self._bounds: list[tuple[float, str]] = []
        bound = 0.0
        for name, share in shares.items():
            if share > 0:
                bound += share
                self._bounds.append((bound, name))

    def pick(self, key: bytes | None) -> str:
        """Return a version.

        Args:
            key: What the same version is to be picked for each time, or None.

        Returns:
            Its name.
        """
        bounds = self._bounds
        if len(bounds) > 1:
            at = self._random.random() if key is None else zlib.crc32(key) / _SHARES
            for bound, name in bounds:
                if at < bound:
                    return name
        return bounds[-1][1]


class Shadow:
    """Copies of calls for a version that answers nobody.

    Args:
        hosted: Returns the version's model, or None while it is not ready.
        observe: Told what became of each copy: "answered", "failed" or "skipped".
    """

    def __init__(self, hosted: Callable[[], Any], observe: Callable[[str], None]) -> None:
        self._hosted = hosted
        self._observe = observe

    def mirror(self, decode: Callable[[Adapter], Block]) -> None:
        """Ask it too, once the loop has done what waits now.

        Args:
            decode: Returns the call's rows as that version's adapter reads them.
        """
        asyncio.get_running_loop().call_soon(self._post, decode)

    def _post(self, decode: Callable[[Adapter], Block]) -> None:
        hosted = self._hosted()
        # One batch may wait; a shadow slower than what it follows sees a sample.
        if hosted is None or not hosted.ready or hosted.queued() >= hosted.max_batch_rows:
            self._observe("skipped")
            return
        try:
            block = decode(hosted.adapter)
            hosted.batcher.post(hosted.adapter.split(block, hosted.max_batch_rows), self._answered)
        except Exception:  # noqa: BLE001 - nothing that a shadow does may reach the call it copies
            self._observe("failed")

    def _answered(self, answers: Any) -> None:
        failed = isinstance(answers, Exception) or any(isinstance(answer, Exception) for answer in answers)
        self._observe("failed" if failed else "answered")
