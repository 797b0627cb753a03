"""Numbered references: a text cites a work by its key, the list stands at the end."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tasks.pdf.content import ReportContent

FILE = Path(__file__).resolve().parents[2] / "templates" / "reports" / "references.yaml"
CITED = re.compile(r" ?\[@([a-z0-9]+)\]")


class References:
    """Gives cited works numbers in the order of their first mention."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def numbered(self, text: str) -> str:
        """Replace each ``[@key]`` by its number: "… [3]"."""
        return CITED.sub(lambda found: f"\u00a0[{self._number(found[1])}]", text)

    def entries(self) -> list[tuple[int, str]]:
        """List the cited works, in the order of their numbers."""
        texts = _file()["references"]
        return [(number, texts[key]) for key, number in self._numbers.items()]

    def _number(self, key: str) -> int:
        return self._numbers.setdefault(key, len(self._numbers) + 1)


def works_of(content: ReportContent) -> str:
    """Cite what the family and its settings rest on; "" where nothing is known."""
    known = _file()
    keys = list(known["families"].get(content.family, ()))
    values = {setting.path: setting.value for setting in content.settings if setting.active}
    keys += [key for path, value, key in known["settings"]
             if str(values.get(path, "")).replace(" ", "_") == value]  # fmt: skip
    return "".join(f" [@{key}]" for key in dict.fromkeys(keys))


@cache
def _file() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return content
