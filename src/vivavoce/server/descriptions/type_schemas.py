"""JSON Schemas of our msgspec types, by their names."""

from collections.abc import Sequence
from inspect import cleandoc
from typing import Any

import msgspec

__all__ = ["type_schemas"]


def type_schemas(types: Sequence[Any], *, reference: str) -> dict[str, dict[str, Any]]:
    """
    The schemas of types and of all types within them.

    Args:
        types: msgspec structs.
        reference: Where a schema is to be found, with ``{name}`` in it.
    """
    _, components = msgspec.json.schema_components(types, schema_hook=_anything, ref_template=reference)
    return {name: _readable(schema) for name, schema in components.items()}


def _anything(type_: type) -> dict[str, Any]:
    if type_ is object:
        # msgspec takes an empty schema for none.
        return {"description": "Any JSON value."}
    raise NotImplementedError


def _readable(schema: dict[str, Any]) -> dict[str, Any]:
    said = cleandoc(schema.get("description", "")).replace("``", "`")
    return {**schema, "description": said} if said else schema
