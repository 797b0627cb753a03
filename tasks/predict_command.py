"""``python app.py predict``: what a finished model says of files, told on the terminal."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from integrations.core.contract import TrainingError
from integrations.core.data.dataset import DatasetError
from integrations.core.prediction.options import PredictionOptions
from integrations.core.prediction.outcome import PredictionOutcome, recordings_csv
from storage.entities import StorageError
from storage.stores.experiments import ExperimentStore
from tasks.prediction_orders import check_usable
from tasks.terminal import complain, say


@dataclass(frozen=True)
class PredictRequest:
    """What the command line asks for.

    Attributes:
        output: File for the table; "" for none, "-" for standard output.
    """

    experiment_id: int
    files: tuple[str, ...]
    output: str = ""
    sampling_rate_hz: float | None = None
    rpm: float | None = None
    resample: bool = False
    channels_in_order: bool = False
    interpolate: bool = False


def predict(request: PredictRequest) -> int:
    """Predict the files in this process; gives the exit code."""
    files = [Path(name) for name in request.files]
    absent = [str(path) for path in files if not path.is_file()]
    if absent:
        complain(f"There is no file {absent[0]}.")
        return 1
    try:
        outcome = _predicted(request, files)
    except ValidationError as error:
        item = error.errors()[0]
        complain(f"{'.'.join(map(str, item['loc']))}: {item['msg']}.")
        return 1
    except (StorageError, DatasetError, TrainingError, OSError) as error:
        complain(str(error))
        return 1
    _tell(outcome, request.output)
    return 0


def _predicted(request: PredictRequest, files: list[Path]) -> PredictionOutcome:
    check_usable(request.experiment_id)
    options = PredictionOptions(
        sampling_rate_hz=request.sampling_rate_hz,
        rpm=request.rpm,
        resample=request.resample,
        channels_in_order=request.channels_in_order,
        interpolate=request.interpolate,
    )
    from tasks.predictions import predict_files

    experiment = ExperimentStore().get(request.experiment_id)
    return predict_files(experiment, files, options, lambda fraction, message: None)


def _tell(outcome: PredictionOutcome, output: str) -> None:
    table = recordings_csv(outcome)
    if output == "-":
        sys.stdout.write(table.decode("utf-8-sig"))
        return
    for each in outcome.recordings:
        share = f"{100 * max(each.probability):.1f} %"
        agree = f"{round(each.agreement * len(each.windows))} of {len(each.windows)} windows"
        say(f"{each.name}  {each.predicted}  {share}  {agree}")
        if each.warning:
            say(f"  {each.warning}")
    for out in outcome.left_out:
        say(f"{out.name}  not predicted: {out.sentence}")
    for note in outcome.notes:
        say(note)
    if output:
        Path(output).write_bytes(table)
        say(f"Table  {output}")
