"""Keeps a failure analysis as JSON and NPZ beside a run's results and reads it back; no pickle."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_type_hints
from zipfile import BadZipFile

import numpy as np

from integrations.core.contract import StoredResult
from integrations.core.failures.analysis import FailureAnalysis
from integrations.core.failures.commonalities import Commonality
from integrations.core.failures.reasons import commonalities, explained_share, flags
from integrations.core.files import write_atomically

FORMAT_VERSION = 1
FACTS, ARRAYS = "failures.json", "failures.npz"


class FailureFilesError(Exception):
    """A stored analysis cannot be read; the text says what to do."""


@dataclass(frozen=True)
class StoredFailures:
    """An analysis with what was said of all failures together.

    Attributes:
        common: Facts and how they go with being wrong, strongest first.
        explained: Share of the mistakes with at least one unusual fact, None without mistakes.
        outside: Share of the test windows far from all training data.
    """

    analysis: FailureAnalysis
    common: tuple[Commonality, ...]
    explained: float | None
    outside: float | None


def with_summary(found: FailureAnalysis, result: StoredResult) -> StoredFailures:
    """Say what all failures have in common."""
    share = explained_share(found, result.test)
    holds, known = flags(found, result.test)["far"]
    return StoredFailures(
        found,
        tuple(commonalities(found, result)),
        None if np.isnan(share) else share,
        float(holds[known].mean()) if known.any() else None,
    )


def save_failures(folder: Path, stored: StoredFailures) -> tuple[Path, Path]:
    """Write both files into a folder."""
    values = {each.name: getattr(stored.analysis, each.name) for each in fields(FailureAnalysis)}
    arrays = {name: value for name, value in values.items() if isinstance(value, np.ndarray)}
    plain = {name: value for name, value in values.items() if name not in arrays}
    facts = {
        "format_version": FORMAT_VERSION,
        "analysis": plain,
        "common": [each.as_json() for each in stored.common],
        "explained": stored.explained,
        "outside": stored.outside,
    }
    text = json.dumps(facts, indent=1, allow_nan=False).encode()
    write_atomically(folder / FACTS, lambda file: file.write(text))
    write_atomically(
        folder / ARRAYS, lambda file: np.savez_compressed(file, allow_pickle=False, **arrays)
    )
    return folder / FACTS, folder / ARRAYS


def load_failures(facts: Path, arrays: Path) -> StoredFailures:
    """Read both files back.

    Raises:
        FailureFilesError: One is missing, damaged, or of another version.
    """
    try:
        told = json.loads(facts.read_text(encoding="utf-8"))
        if told["format_version"] != FORMAT_VERSION:
            raise FailureFilesError("The failures were analysed by another version. Do it again.")
        with arrays.open("rb") as file, np.load(file, allow_pickle=False) as content:
            known = {name: content[name] for name in content.files}
        plain: dict[str, Any] = told["analysis"]
        plain["rare"] = {int(index): each for index, each in plain["rare"].items()}
        return StoredFailures(
            FailureAnalysis(**plain, **known),
            tuple(_commonality(each) for each in told["common"]),
            told["explained"],
            told["outside"],
        )
    except (OSError, ValueError, KeyError, TypeError, BadZipFile) as error:
        raise FailureFilesError(
            "The analysis of this run's failures is missing or damaged. Have it made again."
        ) from error


def _commonality(told: dict[str, Any]) -> Commonality:
    kinds = get_type_hints(Commonality)
    values: dict[str, Any] = {
        name: float("nan") if told[name] is None and kind is float else told[name]
        for name, kind in kinds.items()
    }
    return Commonality(**values)
