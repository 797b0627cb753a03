"""What was measured of an exported model, as JSON beside it; light, the web shows it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from integrations.core.evaluation.evaluation import Interval


class Frozen(BaseModel):
    """Base of the immutable models here."""

    model_config = ConfigDict(frozen=True)


class Latency(Frozen):
    """Median time of one call in milliseconds, on one thread of the machine it was made on."""

    one_ms: float
    batch_ms: float
    batch: int


class GraphInput(Frozen):
    """One input of the exported graph; -1 stands for any number of windows."""

    name: str
    shape: tuple[int, ...]
    about: str


class OnnxReport(Frozen):
    """A float ONNX model beside the PyTorch model it was made from.

    Attributes:
        largest_difference: Largest difference of a probability over the windows checked.
        windows_checked: Real test windows.
    """

    opset: int
    inputs: tuple[GraphInput, ...]
    bytes: int
    torch_bytes: int
    largest_difference: float
    windows_checked: int
    onnx: Latency
    torch: Latency
    runtime: str


class QuantisedReport(Frozen):
    """An INT8 model beside the float ONNX model.

    Attributes:
        difference: Test accuracy of INT8 minus that of the float model, with its 95 % interval.
        units: What the interval is over, e.g. "24 test groups".
        agreement: Share of test windows given the same class.
        calibration_windows: Training windows that set the ranges.
        quantised_layers: Convolutions and matrix products in 8 bits.
    """

    bytes: int
    float_bytes: int
    accuracy: float
    float_accuracy: float
    difference: Interval
    units: str
    agreement: float
    test_windows: int
    calibration_windows: int
    quantised_layers: int
    int8: Latency
    float32: Latency
