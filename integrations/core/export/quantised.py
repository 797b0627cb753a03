"""INT8 by static quantisation, and what it costs on the test part; needs onnxruntime and onnx."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnxruntime.quantization import (  # type: ignore[import-untyped]
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import (  # type: ignore[import-untyped]
    quant_pre_process,
)

from integrations.core.compare.differences import accuracy_difference
from integrations.core.compare.paired import right_per_unit
from integrations.core.contract import Predictions
from integrations.core.data.dataset import Dataset
from integrations.core.data.splits import Split
from integrations.core.data.windows import WindowIndex, class_indices
from integrations.core.evaluation.evaluate import resampling_unit
from integrations.core.export.onnx_model import (
    BATCH,
    Arrays,
    ExportError,
    feeds_of,
    latency,
    probabilities,
    session_of,
)
from integrations.core.export.report import QuantisedReport
from integrations.core.training.predictor import NetworkPredictor

CALIBRATION_WINDOWS = 256
CALIBRATION_BATCH = 32
OPERATORS = ["Conv", "Gemm", "MatMul"]
_QUANTISED = ("DequantizeLinear",)


class _TrainingWindows(CalibrationDataReader):  # type: ignore[misc]
    """Feeds training windows to the calibration, batch by batch."""

    def __init__(
        self, path: Path, predictor: NetworkPredictor, data: Dataset, windows: WindowIndex
    ) -> None:
        session = session_of(path)
        self._feeds: Iterator[Arrays] = (
            feeds_of(session, predictor, inputs)
            for inputs in predictor.inputs(data, windows, CALIBRATION_BATCH)
        )

    def get_next(self) -> Arrays | None:
        """Give the next batch, None at the end."""
        return next(self._feeds, None)


def quantise(
    predictor: NetworkPredictor, data: Dataset, parts: Split, float_path: Path, path: Path
) -> QuantisedReport:
    """Write an INT8 graph and measure it against the float one.

    Ranges come from training windows alone; weights are scaled per channel (Jacob et al. 2018,
    "Quantization and training of neural networks for efficient integer-arithmetic-only inference").

    Args:
        predictor: The model, which prepares windows.
        data: Its data set.
        parts: Its split.
        float_path: The float graph of ``export_onnx``.
        path: Where the INT8 graph goes.

    Raises:
        ExportError: It cannot be quantised.
    """
    train = _spread(parts.train, CALIBRATION_WINDOWS)
    ready = path.with_name("preprocessed.onnx")
    try:
        quant_pre_process(str(float_path), str(ready), skip_symbolic_shape=True)
        quantize_static(
            str(ready), str(path), _TrainingWindows(ready, predictor, data, train),
            quant_format=QuantFormat.QDQ, op_types_to_quantize=OPERATORS, per_channel=True,
            activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
        )  # fmt: skip
    except (ValueError, RuntimeError, TypeError, AttributeError) as error:
        raise ExportError("This network cannot be quantised by onnxruntime.") from error
    finally:
        ready.unlink(missing_ok=True)
    return _report(predictor, data, parts.test, float_path, path, len(train))


def _report(
    predictor: NetworkPredictor,
    data: Dataset,
    test: WindowIndex,
    float_path: Path,
    path: Path,
    calibration_windows: int,
) -> QuantisedReport:
    whole, small = session_of(float_path), session_of(path)
    before = _said(data, test, probabilities(whole, predictor, data, test))
    after = _said(data, test, probabilities(small, predictor, data, test))
    unit, name, _ = resampling_unit(after, data.info)
    right = [part.predicted == part.truth for part in (after, before)]
    difference = right_per_unit(right[0], unit) - right_per_unit(right[1], unit)
    example = next(predictor.inputs(data, test.take(np.arange(min(len(test), BATCH)))))
    return QuantisedReport(
        bytes=path.stat().st_size,
        float_bytes=float_path.stat().st_size,
        accuracy=float(right[0].mean()),
        float_accuracy=float(right[1].mean()),
        difference=accuracy_difference(difference, len(test)),
        units=f"{len(difference)} test {name}",
        agreement=float((after.predicted == before.predicted).mean()),
        test_windows=len(test),
        calibration_windows=calibration_windows,
        quantised_layers=_layers(path),
        int8=latency(lambda f: small.run(None, f), feeds_of(small, predictor, example)),
        float32=latency(lambda f: whole.run(None, f), feeds_of(whole, predictor, example)),
    )


def _said(data: Dataset, test: WindowIndex, probability: npt.NDArray[np.float64]) -> Predictions:
    truth = class_indices(data.info)[test.recording]
    return Predictions(test.recording, test.start, truth, probability)


def _spread(index: WindowIndex, most: int) -> WindowIndex:
    return index.take(np.linspace(0, len(index) - 1, min(len(index), most)).astype(np.int64))


def _layers(path: Path) -> int:
    """Count the convolutions and matrix products that read 8-bit values."""
    graph = onnx.load(str(path)).graph
    made = {name for node in graph.node if node.op_type in _QUANTISED for name in node.output}
    return sum(
        node.op_type in OPERATORS and any(name in made for name in node.input)
        for node in graph.node
    )
