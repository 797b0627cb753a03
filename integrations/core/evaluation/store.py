"""Keeps a finished run as plain files (JSON, NPZ, CSV) and reads it back; no pickle."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from integrations.core.contract import FitResult, Predictions, StoredResult
from integrations.core.data.dataset import DatasetInfo
from integrations.core.evaluation.evaluation import Evaluation
from integrations.core.files import write_atomically

FORMAT_VERSION = 1
PREDICTIONS = "predictions.npz"
PREDICTIONS_CSV = "predictions.csv"
HISTORY = "history.json"
METRICS = "metrics.json"
EXTRAS = "extras.json"
EXTRA_ARRAYS = "extras.npz"
RUN = "result.json"
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class ResultError(Exception):
    """A stored result cannot be read; the text says what to do."""


def save_result(
    folder: Path,
    result: FitResult,
    evaluation: Evaluation,
    *,
    family: str,
    config: dict[str, Any],
    info: DatasetInfo,
) -> tuple[Path, ...]:
    """Write everything that the results page, the report and a colleague need.

    Returns:
        The files written, inside ``folder``.
    """
    arrays = {k: v for k, v in result.extras.items() if isinstance(v, np.ndarray)}
    plain = {k: v for k, v in result.extras.items() if not isinstance(v, np.ndarray)}
    run = {
        "format_version": FORMAT_VERSION,
        "family": family,
        "config": config,
        "best_epoch": result.best_epoch,
        "stopped": result.stopped,
        "n_parameters": result.n_parameters,
        "data_fingerprint": info.fingerprint,
    }
    files = {
        PREDICTIONS: _npz(_prediction_arrays(result)),
        PREDICTIONS_CSV: _csv(result.test, info),
        HISTORY: _json(result.history),
        METRICS: evaluation.model_dump_json(indent=1).encode(),
        EXTRAS: _json(plain),
        EXTRA_ARRAYS: _npz(arrays),
        RUN: _json(run),
    }
    for name, content in files.items():
        write_atomically(folder / name, lambda file, content=content: file.write(content))  # type: ignore[misc]
    return tuple(folder / name for name in files)


def load_result(folder: Path, info: DatasetInfo) -> StoredResult:
    """Read a finished run back.

    Raises:
        ResultError: A file is missing or damaged.
    """
    try:
        run = json.loads((folder / RUN).read_text(encoding="utf-8"))
        extras = json.loads((folder / EXTRAS).read_text(encoding="utf-8"))
        return StoredResult(
            family=run["family"],
            config=run["config"],
            info=info,
            history=json.loads((folder / HISTORY).read_text(encoding="utf-8")),
            metrics=json.loads((folder / METRICS).read_text(encoding="utf-8")),
            test=load_predictions(folder, "test"),
            extras=extras | _arrays(folder / EXTRA_ARRAYS),
        )
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise ResultError(
            "The files of this run are missing or damaged. Start the run again."
        ) from error


def load_evaluation(folder: Path) -> Evaluation:
    """Read only the figures of a finished run.

    Raises:
        ResultError: The file is missing or damaged.
    """
    try:
        return Evaluation.model_validate_json((folder / METRICS).read_bytes())
    except (OSError, ValueError) as error:
        raise ResultError(
            "The figures of this run are missing or damaged. Start the run again."
        ) from error


def load_predictions(folder: Path, part: str) -> Predictions:
    """Read the predictions of one part, "test" or "validation".

    Raises:
        OSError: There is no file.
        KeyError: There is no such part.
        ValueError: The file is damaged.
        BadZipFile: The file is damaged.
    """
    arrays = _arrays(folder / PREDICTIONS)
    names = ("recording", "start", "truth", "probability")
    return Predictions(*(arrays[f"{part}_{name}"] for name in names))


def _prediction_arrays(result: FitResult) -> dict[str, npt.NDArray[Any]]:
    return {
        f"{part}_{name}": getattr(predictions, name)
        for part, predictions in (("test", result.test), ("validation", result.validation))
        for name in ("recording", "start", "truth", "probability")
    }


def _npz(arrays: dict[str, npt.NDArray[Any]]) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def _arrays(path: Path) -> dict[str, npt.NDArray[Any]]:
    with path.open("rb") as file, np.load(file, allow_pickle=False) as content:
        return {name: content[name] for name in content.files}


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=1, allow_nan=True).encode()


def _csv(test: Predictions, info: DatasetInfo) -> bytes:
    """One row per test window; text cells cannot become formulas of a spreadsheet."""
    classes = [_cell(name) for name in info.classes]
    names = [_cell(recording.name) for recording in info.recordings]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["recording", "start", "true", "predicted", *(f"p {c}" for c in classes)])
    rows = zip(
        test.recording.tolist(), test.start.tolist(), test.truth.tolist(),
        test.predicted.tolist(), test.probability.round(6).tolist(), strict=True,
    )  # fmt: skip
    for recording, start, true, predicted, probability in rows:
        writer.writerow([names[recording], start, classes[true], classes[predicted], *probability])
    return text.getvalue().encode("utf-8-sig")


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
