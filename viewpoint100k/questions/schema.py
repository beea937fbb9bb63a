"""The JSON schema of a template file. Editors use it to complete and explain keys and to mark errors."""

from __future__ import annotations

import json
from typing import Any

from viewpoint100k.questions.composition import SHARED_PARTS
from viewpoint100k.questions.quantities import QUANTITIES
from viewpoint100k.questions.template import Template
from viewpoint100k.views.motions import LEVELS, SOME

__all__ = ["template_schema"]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def template_schema() -> str:
    """The schema's text, as it stands in ``question_templates/template.schema.json``."""
    schema = Template.model_json_schema()
    for section in (schema, *schema["$defs"].values()):
        section["description"] = _one_line(section["description"])
        for field in section.get("properties", {}).values():
            if "description" in field:
                field["description"] = _one_line(field["description"])
        if quantity := section.get("properties", {}).get("quantity"):
            quantity["examples"] = list(QUANTITIES)
    del schema["properties"]["cases"]["patternProperties"]
    schema["properties"]["cases"]["additionalProperties"] = {
        "type": "object",
        "properties": {part: {"enum": [*levels, *_some(part)]} for part, levels in LEVELS.items()},
        "additionalProperties": False,
    }
    family = schema["$defs"]["WordingFamily"]["properties"]
    for part in SHARED_PARTS:
        written = {
            key: family[part].pop(key) for key in ("type", "items", "minItems", "maxItems") if key in family[part]
        }
        family[part]["anyOf"] = [written, {"type": "string"}]
    content: dict[str, Any] = {"$schema": _DIALECT, "title": "viewpoint100k question type"}
    return json.dumps(content | {k: v for k, v in schema.items() if k != "title"}, indent=2, ensure_ascii=False) + "\n"


def _some(part: str) -> list[str]:
    return [] if part == "object" else [SOME]


def _one_line(text: str) -> str:
    return " ".join(text.split())
