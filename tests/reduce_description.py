#!/usr/bin/env python3
"""Reduces Logto's OpenAPI description of its Management API (`GET /api/swagger.json`) to what a test compares requests with.

    python3 tests/reduce_description.py swagger.json > tests/fixtures/logto/management-operations.json

Descriptions, summaries, titles and examples are left out. Schemas become:

    "text", "number", "flag", "object" (any members), "any"
    ["a", "b"]                        one of these texts
    {"?": schema}                     or null
    {"list": schema}
    {"all": {"member": schema}, "required": ["member"]}
    {"of": schema}                    an object with members of any name
    {"either": [schema, ...]}
    3                                 the third of `schemas`, which are listed once
"""

import json
import sys

METHODS = ("get", "post", "put", "patch", "delete")
schemas, numbers = [], {}


def reduced(schema):
    if not schema:
        return "any"
    if "$ref" in schema:
        return reduced(document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]])
    known = once(without_null(schema))
    return {"?": known} if schema.get("nullable") else known


def without_null(schema):
    either = schema.get("oneOf") or schema.get("anyOf")
    if either:
        distinct = []
        for one in map(reduced, either):
            if one not in distinct:
                distinct.append(one)
        return distinct[0] if len(distinct) == 1 else {"either": distinct}
    if "allOf" in schema:
        parts = [reduced(part) for part in schema["allOf"]]
        return parts[0] if len(parts) == 1 else "any"
    kind = schema.get("type")
    if "enum" in schema:
        return list(schema["enum"])
    if kind == "object":
        # What a function of Logto's checks is described as an object, and may be a text.
        if schema.get("description") == "Validator function":
            return "any"
        if "properties" in schema:
            members = {name: reduced(member) for name, member in schema["properties"].items()}
            return {"all": members, "required": schema.get("required", [])}
        others = schema.get("additionalProperties")
        return {"of": reduced(others)} if isinstance(others, dict) and others else "object"
    if kind == "array":
        return {"list": reduced(schema.get("items"))}
    if kind in ("number", "integer"):
        return "number"
    if kind == "boolean":
        return "flag"
    if kind == "string":
        # A constant.
        form = schema.get("format", "")
        return [form.strip('"')] if form.startswith('"') else "text"
    return "any"


def once(schema):
    """Large schemas are listed once."""
    text = json.dumps(schema)
    if not isinstance(schema, dict) or len(text) < 60:
        return schema
    if text not in numbers:
        numbers[text] = len(schemas)
        schemas.append(schema)
    return numbers[text]


def operation(method, path, described):
    query = {}
    for parameter in described.get("parameters", []):
        if parameter.get("in") == "query":
            query[parameter["name"]] = reduced(parameter.get("schema"))
    result = {"method": method.upper(), "path": path}
    if query:
        result["query"] = query
    body = described.get("requestBody", {}).get("content", {})
    if "application/json" in body:
        result["body"] = reduced(body["application/json"].get("schema"))
    elif body:
        result["media_type"] = next(iter(body))
    for status, answer in described["responses"].items():
        if status.startswith("2") and "status" not in result:
            result["status"] = int(status)
            content = answer.get("content", {}).get("application/json")
            if content:
                result["answer"] = reduced(content.get("schema"))
    return result


document = json.load(open(sys.argv[1], encoding="utf-8"))
operations = [
    operation(method, path, described)
    for path, methods in document["paths"].items()
    for method, described in methods.items()
    if method in METHODS
]
lines = lambda items: ",\n".join(json.dumps(item, separators=(",", ":"), ensure_ascii=False) for item in items)
print('{"schemas":[\n%s\n],"operations":[\n%s\n]}' % (lines(schemas), lines(operations)))
