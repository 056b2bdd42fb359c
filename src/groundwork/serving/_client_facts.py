"""What a server says of itself, asked once.

Rule: a client asks only for what it needs to know, and never again.
"""

from typing import Any

from groundwork.errors import ConfigurationError, UsageError
from groundwork.serving._client_session import ServerSession


class ServerFacts:
    """Documents of a server, and what they say.

    Args:
        session: By which it is asked.
    """

    def __init__(self, session: ServerSession) -> None:
        self._session = session
        self._documents: dict[str, dict[str, Any]] = {}

    async def document(self, path: str) -> dict[str, Any]:
        """Return what a path has to say."""
        if path not in self._documents:
            self._documents[path] = await self._session.document(path)
        return self._documents[path]

    async def has_binary(self) -> bool:
        """Say whether it has the binary tensor extension."""
        try:
            return "binary_tensor_data" in (await self.document("/v2")).get("extensions", ())
        except UsageError:  # a server without metadata of its own
            self._documents["/v2"] = {}
            return False

    async def first_model(self) -> str:
        """Return the model that it asks where a request names none.

        Raises:
            ConfigurationError: It does not say.
        """
        document = await self.document("/openapi.json")
        try:
            parameters = document["paths"]["/predict"]["post"]["parameters"]
            return str(next(item for item in parameters if item["name"] == "model")["schema"]["enum"][0])
        except (LookupError, TypeError, StopIteration) as error:
            raise ConfigurationError(
                f"{self._session.url} does not say which models it has", hint="Pass model= to the client."
            ) from error
