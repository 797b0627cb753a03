"""Between the review form's texts and ``ImportOptions``, each error at its field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from integrations.core.data.inspection import Inspection
from integrations.core.data.options import ImportOptions

TEXTS = ("name", "unit", "label_template", "label_column", "group_template")
CHOICES = ("label_source", "group_source", "nan_policy")
RULE = re.compile(
    r"^(?P<match>.+?)\s*[=:]\s*(?P<rate>[\d.]+(?:e\d+)?)\s*(?P<kilo>k?)(?:hz)?$", re.I
)
DERIVED = re.compile(r"^(?P<name>.+?)\s+from\s+(?P<source>.+?)\s*:\s*(?P<pairs>.+)$", re.I)


class FieldError(ValueError):
    """A text of the form cannot be used; the text says what it should look like."""


def to_values(options: ImportOptions, plan: Inspection) -> dict[str, Any]:
    """Give what the form's controls show."""
    return {
        "name": options.name,
        "unit": options.unit,
        "label_source": options.label_source,
        "pattern": plan.pattern if options.pattern is None else options.pattern,
        "label_template": options.label_template,
        "label_column": options.label_column,
        "group_source": options.group_source,
        "group_template": options.group_template,
        "channels": list(options.channels or plan.chosen_channels),
        "sampling_rate_hz": options.sampling_rate_hz,
        "rate_rules": "\n".join(f"{r.match} = {r.sampling_rate_hz:g}" for r in options.rate_rules),
        "target_sampling_rate_hz": options.target_sampling_rate_hz,
        "nan_policy": options.nan_policy,
        "keep_whole_part": "yes" if options.keep_whole_part else "no",
        "csv_delimiter": options.csv_delimiter or "auto",
        "csv_decimal": options.csv_decimal or "auto",
        "derived": "\n".join(
            f"{d.name} from {d.source}: "
            + ", ".join(f"{k}={_text(v)}" for k, v in d.values.items())
            for d in options.derived
        ),
        "properties": "\n".join(f"{k} = {_text(v)}" for k, v in options.properties.items()),
    }


def to_options(
    values: Mapping[str, Any], before: ImportOptions, plan: Inspection | None
) -> tuple[ImportOptions | None, dict[str, str]]:
    """Read the form; give the options, or None with one sentence per wrong field.

    Args:
        values: What the controls hold, by field name.
        before: The options kept so far; a choice left to the importer stays with it.
        plan: What was understood with them.
    """
    errors: dict[str, str] = {}
    raw: dict[str, Any] = {key: (values.get(key) or "").strip() for key in TEXTS}
    raw |= {key: values[key] for key in CHOICES if values.get(key)}
    raw["pattern"] = _pattern(values.get("pattern"), plan)
    raw["channels"] = _channels(values.get("channels"), before, plan)
    raw["keep_whole_part"] = values.get("keep_whole_part") == "yes"
    for key in ("csv_delimiter", "csv_decimal"):
        raw[key] = None if values.get(key) in (None, "", "auto") else values[key]
    for key in ("sampling_rate_hz", "target_sampling_rate_hz"):
        raw[key] = None if values.get(key) in (None, "") else values[key]
    for key, read in (("rate_rules", _rules), ("derived", _derived), ("properties", _properties)):
        try:
            raw[key] = read(values.get(key) or "")
        except FieldError as error:
            errors[key] = str(error)
    try:
        options = ImportOptions.model_validate(raw)
    except ValidationError as error:
        for item in error.errors():
            errors.setdefault(str(item["loc"][0]), f"{item['msg']}.")
        return None, errors
    return (None if errors else options), errors


def _pattern(text: str | None, plan: Inspection | None) -> str | None:
    shown = (text or "").strip()
    return None if plan is not None and shown == plan.suggested_pattern else shown


def _channels(names: list[str] | None, before: ImportOptions, plan: Inspection | None) -> list[str]:
    unchanged = plan is not None and names == plan.chosen_channels
    return [] if unchanged and not before.channels else list(names or [])


def _rules(text: str) -> list[dict[str, Any]]:
    rules = []
    for line in _lines(text):
        found = RULE.match(line)
        if not found:
            raise FieldError(f"“{line}” should look like: 1797_Normal* = 48000")
        rate = float(found["rate"]) * (1000 if found["kilo"] else 1)
        rules.append({"match": found["match"], "sampling_rate_hz": rate})
    return rules


def _derived(text: str) -> list[dict[str, Any]]:
    derived = []
    for line in _lines(text):
        found = DERIVED.match(line)
        pairs = [pair.partition("=") for pair in found["pairs"].split(",")] if found else []
        if not found or any(not equals for _, equals, _ in pairs):
            raise FieldError(f"“{line}” should look like: load from rpm: 1797=0, 1772=1")
        values = {key.strip(): _number(value) for key, _, value in pairs}
        derived.append({"name": found["name"], "source": found["source"], "values": values})
    return derived


def _properties(text: str) -> dict[str, str | float]:
    found: dict[str, str | float] = {}
    for line in _lines(text):
        key, equals, value = line.partition("=")
        if not equals or not key.strip():
            raise FieldError(f"“{line}” should look like: BPFO = 3.5848")
        found[key.strip()] = _number(value)
    return found


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _number(text: str) -> str | float:
    try:
        return float(text)
    except ValueError:
        return text.strip()


def _text(value: str | float) -> str:
    return f"{value:g}" if isinstance(value, float | int) else value
