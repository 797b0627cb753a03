"""Draws an OpenAPI document as plain HTML."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape
from typing import Any

METHODS = ("get", "post", "patch", "put", "delete")
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title} · REST interface</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="/assets/10-base.css"><link rel="stylesheet" href="/assets/docs.css">
</head><body class="api-docs"><main><h1>{title} · REST interface</h1>
<p>Version {version}. Machine-readable: <a href="/api/openapi.json">/api/openapi.json</a>.
Errors are <code>application/problem+json</code> with a sentence in <code>detail</code>.
<a href="/">Back to the bench</a></p>
{body}
</main></body></html>"""


def docs_page(document: dict[str, Any]) -> str:
    """Give the page for an OpenAPI document."""
    groups: dict[str, list[str]] = {}
    for path, method, operation in _operations(document):
        group = (operation.get("tags") or ["other"])[0]
        groups.setdefault(group, []).append(_operation(path, method, operation, document))
    sections = [_section(escape(name), parts) for name, parts in sorted(groups.items())]
    contents = " · ".join(
        f'<a href="#{escape(name)}">{escape(name.capitalize())}</a>' for name in sorted(groups)
    )
    return PAGE.format(
        title=escape(document["info"]["title"]),
        version=escape(document["info"]["version"]),
        body=f"<nav>{contents}</nav>{''.join(sections)}",
    )


def _section(name: str, parts: list[str]) -> str:
    return f'<section><h2 id="{name}">{name.capitalize()}</h2>{"".join(parts)}</section>'


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def _operation(path: str, method: str, operation: dict[str, Any], document: dict[str, Any]) -> str:
    parts = [
        f"<p>{escape(operation.get('description', ''))}</p>",
        _parameters(operation.get("parameters", [])),
        _body(operation, document),
        _answers(operation),
    ]
    head = f'<summary><b class="{method}">{method.upper()}</b> <code>{escape(path)}</code>'
    summary = f"{head} <span>{escape(operation.get('summary', ''))}</span></summary>"
    return f"<details>{summary}{''.join(parts)}</details>"


def _parameters(parameters: list[dict[str, Any]]) -> str:
    rows = [
        f"<tr><td><code>{escape(item['name'])}</code></td><td>{escape(item['in'])}</td>"
        f"<td>{escape(_type(item['schema']))}{' (required)' if item.get('required') else ''}</td>"
        f"<td>{escape(item.get('description', ''))}</td></tr>"
        for item in parameters
    ]
    return _table(("Parameter", "In", "Type", ""), rows)


def _body(operation: dict[str, Any], document: dict[str, Any]) -> str:
    content = operation.get("requestBody", {}).get("content", {})
    if not content:
        return ""
    kind, media = next(iter(content.items()))
    schema = _resolve(media.get("schema", {}), document)
    required = schema.get("required", [])
    rows = [
        f"<tr><td><code>{escape(name)}</code></td><td>{escape(kind)}</td>"
        f"<td>{escape(_type(item))}{' (required)' if name in required else ''}</td>"
        f"<td>{escape(item.get('description', ''))}</td></tr>"
        for name, item in schema.get("properties", {}).items()
    ]
    return _table(("Body member", "Form", "Type", ""), rows)


def _answers(operation: dict[str, Any]) -> str:
    rows = [
        f"<tr><td><code>{escape(status)}</code></td><td>{escape(_answer_type(answer))}</td>"
        f"<td>{escape(answer.get('description', ''))}</td></tr>"
        for status, answer in operation.get("responses", {}).items()
    ]
    return _table(("Answer", "Type", ""), rows)


def _answer_type(answer: dict[str, Any]) -> str:
    content = answer.get("content", {})
    return ", ".join(
        _type(media["schema"]) if media.get("schema") else kind for kind, media in content.items()
    )


def _resolve(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    for choice in (schema, *schema.get("anyOf", [])):
        if "$ref" in choice:
            name = choice["$ref"].rpartition("/")[2]
            found: dict[str, Any] = document["components"]["schemas"][name]
            return found
    return schema


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema:
        return " or ".join(_type(choice) for choice in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    bounds = [
        f"{sign} {schema[key]}"
        for key, sign in (("minimum", "≥"), ("maximum", "≤"), ("maxLength", "length ≤"))
        if key in schema
    ]
    name = schema.get("format") or schema.get("type") or "any"
    return ", ".join([str(name), *bounds])


def _table(heads: tuple[str, ...], rows: list[str]) -> str:
    if not rows:
        return ""
    head = "".join(f"<th>{title}</th>" for title in heads)
    return (
        '<div class="scroll-x"><table class="plain">'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )
