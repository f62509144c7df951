"""JSON schemas from the contract: the one place where the HTTP documentation learns what a value is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

JsonSchema = dict[str, Any]

SAFE_INTEGER = 2**53 - 1


def json_schema(
    schema: Mapping[str, Any], *, required: Sequence[str] | None = None, omit: Sequence[str] = ()
) -> JsonSchema:
    """Give the JSON schema of a message, as its record has it.

    Without ``required`` it describes answers: the canonical JSON, where only optional fields may be absent. With it, a
    request: members that it must state; every other one may be left out, and those of ``omit`` it does not have.
    """
    fields = [field for field in schema["fields"] if field["name"] not in omit]
    return _message(fields, _always_there(fields) if required is None else required)


def _message(fields: Iterable[Mapping[str, Any]], required: Iterable[str]) -> JsonSchema:
    names = sorted(required)
    return {
        "type": "object",
        "properties": {field["name"]: _field(field) for field in fields},
        **({"required": names} if names else {}),
    }


def _always_there(fields: Iterable[Mapping[str, Any]]) -> list[str]:
    return [field["name"] for field in fields if field["presence"] != "optional" or field.get("required")]


def _field(field: Mapping[str, Any]) -> JsonSchema:
    item = _type(field["type"], jstype_number=field.get("jstype") == "number")
    if field["presence"] == "repeated":
        return {"type": "array", "items": item}
    if field["presence"] == "map":
        return {"type": "object", "additionalProperties": item}
    return item


def _type(source: str | Mapping[str, Any], *, jstype_number: bool) -> JsonSchema:
    if not isinstance(source, str):
        if "enum" in source:
            return {"type": "string", "enum": list(source["values"])}
        return _message(source["fields"], _always_there(source["fields"]))
    match source:
        case "string":
            return {"type": "string"}
        case "bytes":
            return {"type": "string", "contentEncoding": "base64"}
        case "bool":
            return {"type": "boolean"}
        case "double":
            return {"type": "number"}
        case "timestamp":
            return {"type": "string", "format": "date-time"}
        case "int32" | "sint32":
            return {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1}
        case "uint32":
            return {"type": "integer", "minimum": 0, "maximum": 2**32 - 1}
        case "uint64":
            if jstype_number:
                return {"type": "integer", "minimum": 0, "maximum": SAFE_INTEGER}
            return {"type": "string", "pattern": "^[0-9]{1,20}$"}
        case _:
            if jstype_number:
                return {"type": "integer", "minimum": -SAFE_INTEGER, "maximum": SAFE_INTEGER}
            return {"type": "string", "pattern": "^-?[0-9]{1,19}$"}
