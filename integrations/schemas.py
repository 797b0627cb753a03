"""Writes each family's JSON schema to ``templates/schemas``: ``python -m integrations.schemas``."""

from __future__ import annotations

import json
from pathlib import Path

from integrations.core.contract import Family
from integrations.registry import families

FOLDER = Path(__file__).resolve().parents[1] / "templates" / "schemas"


def schema_text(family: Family) -> str:
    """Give the text of a family's schema file."""
    schema = family.Config.model_json_schema() | {"title": family.title}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write all schema files."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, family in families().items():
        (FOLDER / f"{name}.json").write_text(schema_text(family), encoding="utf-8")


if __name__ == "__main__":
    main()
