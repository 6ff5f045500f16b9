"""From pydantic models to the schemas of a document."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

Json = dict[str, Any]


_GENERICS = {"Success": "Answer", "Listed": "Page"}


class _Plain(GenerateJsonSchema):
    """Without what is made up: titles, and defaults that only stand for "not sent"."""

    def normalize_name(self, name: str) -> str:
        """Name the shape of an answer after what is in it: ``Success[Held]`` is a ``HeldAnswer``."""
        generic, _, inner = name.partition("[")
        if generic not in _GENERICS:
            return super().normalize_name(name)
        parts = [part for part in re.findall(r"\w+", inner) if part != "Union" and not part.endswith("Meta")]
        return "Or".join(parts) + _GENERICS[generic]

    def field_title_should_be_set(self, schema: Any) -> bool:
        """No title says more than the name."""
        del schema
        return False

    def model_schema(self, schema: Any) -> Json:
        """Nor does a model's."""
        made = super().model_schema(schema)
        made.pop("title", None)
        return made

    def default_schema(self, schema: Any) -> Json:
        """Leave such defaults out."""
        made = super().default_schema(schema)
        if schema.get("default") in {None, "", 0}:
            made.pop("default", None)
        return made


def schemas_of(models: Iterable[type[BaseModel]]) -> tuple[Mapping[type[BaseModel], Json], Mapping[str, Json]]:
    """Return a reference to the schema of each model, and all schemas by their names in the document."""
    unique = sorted(set(models), key=lambda model: model.__name__)
    references, made = models_json_schema(
        [(model, "validation") for model in unique],
        ref_template="#/components/schemas/{model}",
        schema_generator=_Plain,
    )
    return {model: references[model, "validation"] for model in unique}, made["$defs"]


def schema_of(model: type[BaseModel]) -> Json:
    """The schema of one model by itself."""
    return model.model_json_schema(schema_generator=_Plain)
