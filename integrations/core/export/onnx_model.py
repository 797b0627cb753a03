"""Exports a network to ONNX and proves it against PyTorch on real windows; needs torch."""

from __future__ import annotations

import contextlib
import logging
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime  # type: ignore[import-untyped]
import torch

from integrations.core.contract import TrainingError
from integrations.core.data.dataset import Dataset
from integrations.core.data.windows import WindowIndex
from integrations.core.export.report import GraphInput, Latency, OnnxReport
from integrations.core.training.inputs import Inputs
from integrations.core.training.predictor import WEIGHTS_FILE, NetworkPredictor
from integrations.core.training.recipe import Objective

Arrays = dict[str, npt.NDArray[np.float32]]
TOLERANCE = 1e-5
BATCH = 64
MOST_BATCH = 65_536
CHECKED_WINDOWS = 512
MEASURE_SECONDS, FEWEST_CALLS = 0.2, 9
OUTPUT = "probability"
ABOUT = {
    "windows": "windows as recorded, (n, channels, samples); scaled inside the graph",
    "images": "log10 power images of the windows, as the family's images.py makes them",
    "scores": "physics scores of the windows at the recording's speed",
    "prior": "logarithm of how possible each class is at the operating point",
    "shortfall": "not read by the graph",
    "sommerfeld": "not read by the graph",
}


class ExportError(TrainingError):
    """A model cannot be exported; the text says why."""


class _Probabilities(torch.nn.Module):  # type: ignore[misc]
    """A network that gives probabilities, whatever it puts out for its loss."""

    def __init__(self, model: torch.nn.Module, objective: Objective) -> None:
        super().__init__()
        self.model = model
        self._objective = objective

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        """Give probabilities, shape (n, classes)."""
        return torch.softmax(self._objective.scores(self.model(*inputs)), dim=1)


def export_onnx(
    predictor: NetworkPredictor, data: Dataset, test: WindowIndex, path: Path, folder: Path
) -> OnnxReport:
    """Write the graph and check it.

    Args:
        predictor: The model.
        data: Its data set.
        test: Its test windows; the first ones check the graph.
        path: Where the graph goes.
        folder: Where the model's own files lie.

    Raises:
        ExportError: The graph does not give what the model gives.
    """
    some = test.take(np.arange(min(len(test), CHECKED_WINDOWS)))
    if len(some) == 0:
        raise ExportError("There are no test windows to check the exported model on.")
    example = next(predictor.inputs(data, some.take(np.arange(min(len(some), BATCH)))))
    names = predictor.input_names[: len(example)]
    opset = _write(predictor, example, names, path)
    session = session_of(path)
    difference = _largest_difference(predictor, data, some, session)
    if not difference <= TOLERANCE:
        raise ExportError(
            f"The exported model differs from the trained one by {difference:.1e} in a "
            f"probability, more than {TOLERANCE:.0e}. Nothing was kept."
        )
    feeds = feeds_of(session, predictor, example)
    return OnnxReport(
        opset=opset,
        inputs=tuple(
            GraphInput(name=name, shape=(-1, *part.shape[1:]), about=ABOUT.get(name, ""))
            for name, part in zip(names, example, strict=True)
        ),
        bytes=path.stat().st_size,
        torch_bytes=(folder / WEIGHTS_FILE).stat().st_size,
        largest_difference=difference,
        windows_checked=len(some),
        onnx=latency(lambda given: session.run(None, given), feeds),
        torch=_torch_latency(predictor, example),
        runtime=f"onnxruntime {onnxruntime.__version__}, PyTorch {torch.__version__}",
    )


def session_of(path: Path) -> onnxruntime.InferenceSession:
    """Open a graph on one thread of the CPU."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def feeds_of(
    session: onnxruntime.InferenceSession, predictor: NetworkPredictor, inputs: Inputs
) -> Arrays:
    """Give prepared inputs to a graph by name; those it does not read are left out."""
    wanted = {each.name for each in session.get_inputs()}
    named = zip(predictor.input_names, inputs, strict=False)
    return {name: part.cpu().numpy() for name, part in named if name in wanted}


def probabilities(
    session: onnxruntime.InferenceSession,
    predictor: NetworkPredictor,
    data: Dataset,
    windows: WindowIndex,
) -> npt.NDArray[np.float64]:
    """Give what a graph says of windows, shape (n, classes)."""
    found = [
        session.run([OUTPUT], feeds_of(session, predictor, inputs))[0]
        for inputs in predictor.inputs(data, windows, BATCH)
    ]
    return np.concatenate(found).astype(np.float64)


def latency(call: Callable[[Arrays], Any], feeds: Arrays) -> Latency:
    """Time one window and a batch."""
    whole = {name: _repeated(part) for name, part in feeds.items()}
    first = {name: part[:1] for name, part in feeds.items()}
    return Latency(one_ms=_median_ms(call, first), batch_ms=_median_ms(call, whole), batch=BATCH)


def _write(predictor: NetworkPredictor, example: Inputs, names: tuple[str, ...], path: Path) -> int:
    batch = torch.export.Dim("batch", min=1, max=MOST_BATCH)
    module = _Probabilities(predictor.model, predictor.objective).eval()
    try:
        with _silenced():
            program = torch.onnx.export(
                module, example if len(example[0]) > 1 else tuple(map(_twice, example)),
                dynamo=True, optimize=True, verbose=False,
                input_names=list(names), output_names=[OUTPUT],
                dynamic_shapes=(tuple({0: batch} for _ in example),),
            )  # fmt: skip
            assert program is not None  # noqa: S101 - narrows; dynamo gives a program
            program.save(str(path), external_data=False)
    except (torch.onnx.OnnxExporterError, RuntimeError, TypeError, ValueError) as error:
        raise ExportError("This network cannot be written as ONNX by PyTorch.") from error
    return int(program.model.opset_imports.get("", 0))


def _largest_difference(
    predictor: NetworkPredictor,
    data: Dataset,
    windows: WindowIndex,
    session: onnxruntime.InferenceSession,
) -> float:
    told = probabilities(session, predictor, data, windows)
    return float(np.abs(told - predictor.probability(data, windows)).max())


def _torch_latency(predictor: NetworkPredictor, example: Inputs) -> Latency:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    names = [str(number) for number in range(len(example))]
    feeds = {name: part.cpu().numpy() for name, part in zip(names, example, strict=True)}

    def call(given: Arrays) -> torch.Tensor:
        return predictor.scores(tuple(torch.from_numpy(given[name]) for name in names))

    try:
        return latency(call, feeds)
    finally:
        torch.set_num_threads(threads)


def _median_ms(call: Callable[[Arrays], Any], feeds: Arrays) -> float:
    call(feeds)
    taken: list[float] = []
    end = time.perf_counter() + MEASURE_SECONDS
    while len(taken) < FEWEST_CALLS or time.perf_counter() < end:
        began = time.perf_counter()
        call(feeds)
        taken.append(1000 * (time.perf_counter() - began))
    return float(np.median(taken))


def _repeated(part: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    return part[np.arange(BATCH) % len(part)]


def _twice(part: torch.Tensor) -> torch.Tensor:
    return torch.cat([part, part])


@contextlib.contextmanager
def _silenced() -> Iterator[None]:
    """Keep the exporter's chatter about what it does not use out of our logs."""
    logger = logging.getLogger("torch.onnx")
    before, logger.disabled = logger.level, False
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(before)
