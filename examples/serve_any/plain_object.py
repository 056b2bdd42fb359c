"""Serve a plain Python object: whatever has ``predict(batch)``.

Run: ``python plain_object.py [PORT]``.
"""

import sys
from collections.abc import Sequence

from groundwork.serving import serve

WORDS = {"en": {"the", "and", "of", "to"}, "de": {"der", "die", "und", "zu"}, "fr": {"le", "la", "et", "de"}}


class Language:
    """Guesses the language of a text by its commonest little words."""

    version = "1"

    def input_schema(self) -> dict[str, object]:
        """Say what one instance is; the page and ``/openapi.json`` show it."""
        return {
            "type": "object",
            "properties": {"text": {"type": "string"}},
            "required": ["text"],
            "examples": [{"text": "the end of the day"}],
        }

    def parse(self, instances: list[dict[str, str]]) -> list[str]:
        """Refuse what is not text; the client is told which instance."""
        for instance in instances:
            if not isinstance(instance["text"], str):
                raise TypeError("text must be text")
        return [instance["text"] for instance in instances]

    def predict(self, batch: Sequence[str]) -> list[dict[str, object]]:
        """Return one answer for each text: rows of all requests that waited, in one call."""
        answers: list[dict[str, object]] = []
        for text in batch:
            found = {name: len(words.intersection(text.lower().split())) for name, words in WORDS.items()}
            best = max(found, key=lambda name: found[name])
            answers.append({"language": best if found[best] else None, "hits": found[best]})
        return answers


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8000
    serve({"language": Language()}, port=port, on_ready=lambda url: print(f"serving language on {url}", flush=True))
