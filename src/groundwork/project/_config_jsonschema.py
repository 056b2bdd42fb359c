"""The JSON schema of pipeline.yaml, with which editors complete and check it.

Rule: it is made from the models and committed; a test says when it is out of date. It knows keys, types and patterns;
which columns there are only ``load_config`` knows.
"""

import json
import re
from pathlib import Path
from typing import Any

from groundwork.project._config_schema import ProjectConfig
from groundwork.storage import atomic_write


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of pipeline.yaml.

    Returns:
        JSON Schema 2020-12 as plain data.
    """
    schema = ProjectConfig.model_json_schema(by_alias=True, mode="validation")
    for name, key in (("Deduplicate", "kind"), ("Leakage", "policy")):
        field = schema["properties"][name.lower()]
        words = schema["$defs"][name]["properties"][key]["enum"]
        field["anyOf"] = [{"enum": words}, {"$ref": field.pop("$ref")}]
    schema["$defs"]["Join"]["properties"]["columns"]["anyOf"].append({"const": "all"})
    for definition in schema["$defs"].values():
        _describe(definition)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "pipeline.yaml"}


def write_json_schema(path: Path) -> None:
    """Write the JSON schema of pipeline.yaml, as docs/pipeline.schema.json.

    Args:
        path: The file.
    """
    with atomic_write(path, "w", encoding="utf-8", newline="\n") as file:
        file.write(json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n")


def _describe(definition: dict[str, Any]) -> None:
    """Take the fields' descriptions out of the Attributes of the docstring, where a model of another part has them."""
    text = definition.get("description", "")
    definition["description"] = " ".join(text.partition("\n\n")[0].split())
    attributes = text.partition("Attributes:\n")[2]
    for name, described in re.findall(r"^ +(\w+): (.+(?:\n {8,}.+)*)", attributes, re.MULTILINE):
        if name in definition["properties"]:
            definition["properties"][name].setdefault("description", " ".join(described.split()))
