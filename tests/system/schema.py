# SPDX-License-Identifier: Apache-2.0
"""Holds a JSON document against a JSON Schema, of which it knows the words that ours use. Usage:
schema.py SCHEMA DOCUMENT...; members that the schema does not have are faults as well, so that what is
written is all there is."""
import json
import re
import sys

KNOWN = {"$schema", "$id", "$defs", "$ref", "title", "description", "type", "properties", "required",
         "additionalProperties", "items", "enum", "const", "pattern", "minimum", "oneOf"}
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int,
         "number": (int, float),
         "null": type(None)}


def is_type(value, name):
    if isinstance(value, bool):
        return name == "boolean"
    return isinstance(value, TYPES[name])


def faults(value, schema, root, path):
    unknown = set(schema) - KNOWN
    if unknown:
        yield f"schema at {path}: this test does not know {unknown}"
    while "$ref" in schema:
        schema = root["$defs"][schema["$ref"].split("/")[-1]]
    names = schema.get("type", list(TYPES))
    names = [names] if isinstance(names, str) else names
    if not any(is_type(value, name) for name in names):
        yield f"{path}: {value!r} is not of type {names}"
        return
    if "oneOf" in schema:
        tried = [list(faults(value, one, root, path)) for one in schema["oneOf"]]
        if sum(not one for one in tried) != 1:
            yield from min(tried, key=len) or [f"{path}: more than one of the choices fits"]
        return
    if "const" in schema and value != schema["const"]:
        yield f"{path}: {value!r} is not {schema['const']!r}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{path}: {value!r} is none of {schema['enum']}"
    if isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        yield f"{path}: {value!r} does not match {schema['pattern']}"
    if isinstance(value, int) and value < schema.get("minimum", value):
        yield f"{path}: {value} is below {schema['minimum']}"
    if isinstance(value, list):
        for place, inner in enumerate(value):
            yield from faults(inner, schema.get("items", {}), root, f"{path}[{place}]")
    if isinstance(value, dict):
        members = schema.get("properties", {})
        for name in schema.get("required", []):
            if name not in value:
                yield f"{path}.{name} is missing"
        for name, inner in value.items():
            if name in members:
                yield from faults(inner, members[name], root, f"{path}.{name}")
            elif isinstance(schema.get("additionalProperties"), dict):
                yield from faults(inner, schema["additionalProperties"], root, f"{path}.{name}")
            else:
                yield f"{path}.{name} is not written in the schema"


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    found = []
    for path in sys.argv[2:]:
        with open(path, encoding="utf-8") as file:
            found += [f"{path}: {fault}" for fault in faults(json.load(file), schema, schema, "")]
    print("\n".join(found[:20]))
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
