"""What stands around the loop: order tracking, warm starts, layer statistics, explanations."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from integrations.cnn1d.config import Cnn1dConfig
from integrations.cnn1d.family import FAMILY
from integrations.core.contract import EarlierRun, FitResult, Predictions, TrainingError
from integrations.core.data.dataset import Dataset, DatasetInfo, DatasetWriter, Recording
from integrations.core.data.windows import WindowIndex
from integrations.core.explain.explain import MOST_WINDOWS, explain, telling_windows
from integrations.core.explain.occlusion import (
    ORDERS,
    band_edges,
    order_bands,
    without_band,
)
from integrations.core.testing import RecordingContext, toy_signals
from integrations.core.training.inputs import reference_hz, waveform
from integrations.core.training.precision import bf16_available, chosen_precision
from integrations.core.training.settings import InputConfig, Precision

RATE_HZ = 1024.0
SAMPLES = 1024


def config_of(**sections: object) -> Cnn1dConfig:
    return Cnn1dConfig.model_validate(
        {
            "data": {"window_samples": 128},
            "architecture": {"filters": 4, "n_blocks": 2},
            "training": {"epochs": 2, "patience": 0},
            **sections,
        }
    )


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return toy_signals(tmp_path_factory.mktemp("toy"), groups=4)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory, toy: Dataset) -> tuple[Path, FitResult]:
    folder = tmp_path_factory.mktemp("done")
    return folder, FAMILY.fit(config_of(), toy, RecordingContext(folder))


def machines(folder: Path, rpms: tuple[float, ...], order: float = 3.0) -> Dataset:
    """One recording per machine: a sine at the same multiple of each shaft speed."""
    time = np.arange(SAMPLES) / RATE_HZ
    with DatasetWriter(folder, name="machines", channels=["x"]) as writer:
        for rpm in rpms:
            wave = np.sin(2 * np.pi * order * rpm / 60 * time)
            fields: dict[str, str | float] = {"rpm": rpm} if rpm else {}
            writer.add(wave, Recording(f"{rpm}", "a", f"{rpm}", 0, RATE_HZ, fields=fields))
    return Dataset(folder)


def test_order_tracking_lays_equal_orders_on_equal_lines(tmp_path: Path) -> None:
    data = machines(tmp_path, (1200.0, 1800.0, 2000.0))
    index = WindowIndex(np.arange(3), np.zeros(3, dtype=np.int64), SAMPLES)
    windows = torch.from_numpy(np.stack([data.signal(i) for i in range(3)]))
    (tracked,) = waveform(data.info, InputConfig(order_tracking=True))(windows, index)
    lines = torch.fft.rfft(tracked[:, 0]).abs().argmax(dim=1).tolist()
    assert lines == [60, 60, 60]  # three times 20 revolutions, which the slowest one makes
    assert torch.equal(tracked[0], windows[0])
    assert float(tracked.abs().max()) < 1.05


def test_order_tracking_without_an_rpm_is_refused_with_the_number(tmp_path: Path) -> None:
    data = machines(tmp_path, (1200.0, 0.0))
    with pytest.raises(TrainingError, match="1 of 2 have none"):
        waveform(data.info, InputConfig(order_tracking=True))


def test_stored_configs_with_the_old_place_of_normalisation_are_read() -> None:
    old = Cnn1dConfig.model_validate({"architecture": {"normalisation": "none", "filters": 8}})
    assert old.input.normalisation == "none"
    assert old.architecture.filters == 8


def test_layer_statistics_cover_every_epoch_and_survive_a_resume(
    tmp_path: Path, toy: Dataset
) -> None:
    context = RecordingContext(tmp_path)
    whole = FAMILY.fit(config_of(), toy, context)
    n_layers = len(whole.extras["layer_names"])
    assert n_layers > 3
    for name in ("gradient_norm", "weight_norm", "update_ratio"):
        assert whole.extras[name].shape == (2, n_layers)
        assert (whole.extras[name] > 0).all()
    again = RecordingContext(tmp_path, resume_from=context.epochs[0][3])
    resumed = FAMILY.fit(config_of(), toy, again)
    assert np.array_equal(resumed.extras["update_ratio"], whole.extras["update_ratio"])


def test_explanations_stay_within_their_bounds(done: tuple[Path, FitResult], toy: Dataset) -> None:
    extras = done[1].extras
    m = len(extras["explained_recording"])
    assert 0 < m <= MOST_WINDOWS
    assert extras["explained_cam"].shape == (m, 128)
    assert 0 <= extras["explained_cam"].min() <= extras["explained_cam"].max() <= 1
    assert extras["explained_occlusion"].shape == (m, len(extras["explained_band_edges"]) - 1)
    assert np.abs(extras["explained_occlusion"]).max() <= 1
    assert extras["explained_orders"].shape == (len(ORDERS), 2)


def test_occlusion_finds_the_band_a_model_listens_to(tmp_path: Path) -> None:
    data = machines(tmp_path, (1200.0, 1800.0))
    line = 120

    def listens(windows: np.ndarray, _index: WindowIndex) -> np.ndarray:
        heard = np.abs(np.fft.rfft(windows[:, 0]))[:, line] > 1
        return np.where(heard[:, None], [0.9, 0.1], [0.2, 0.8])

    test = Predictions(
        np.array([0, 1]), np.zeros(2, dtype=np.int64), np.zeros(2, dtype=np.int64),
        np.array([[0.2, 0.8], [0.2, 0.8]]),
    )  # fmt: skip
    quiet = explain(listens, data, test, SAMPLES)
    assert np.allclose(np.nan_to_num(quiet["explained_occlusion"]), 0)

    other = machines(tmp_path / "heard", (2400.0,))  # 40 Hz, 3× lies on line 120
    sure = Predictions(test.recording[:1], test.start[:1], test.truth[:1], np.array([[0.9, 0.1]]))
    heard = explain(listens, other, sure, SAMPLES)
    edges = heard["explained_band_edges"] * SAMPLES
    band = int(np.searchsorted(edges, line, side="right")) - 1
    assert heard["explained_occlusion"][0].argmax() == band
    worth = heard["explained_order_occlusion"][0]
    assert ORDERS[int(np.nanargmax(worth))] == pytest.approx((2.97, 3.03))


@given(samples=st.integers(4, 100_000))
def test_bands_cover_all_frequencies_without_gaps(samples: int) -> None:
    edges = band_edges(samples)
    assert edges[0] == 0
    assert edges[-1] == pytest.approx((samples // 2) / samples)
    assert (np.diff(edges) > 0).all()


@given(shaft=st.floats(1e-4, 0.4), samples=st.integers(16, 8192))
def test_order_bands_lie_below_half_the_rate_or_nowhere(shaft: float, samples: int) -> None:
    bands = order_bands(shaft, samples)
    known = bands[np.isfinite(bands[:, 0])]
    assert (known[:, 0] > 0).all()
    assert (known[:, 1] < 0.5).all()
    assert (known[:, 0] < known[:, 1]).all()


def test_removing_all_bands_leaves_the_mean() -> None:
    windows = np.random.default_rng(0).normal(2.0, 1.0, (3, 2, 64)).astype(np.float32)
    left = without_band(windows, np.tile([0.0, 0.6], (3, 1)))
    assert np.allclose(left, windows.mean(axis=2, keepdims=True), atol=1e-5)


@given(st.integers(2, 6), st.integers(0, 60), st.integers(0, 2**31))
def test_telling_windows_are_distinct_and_mistakes_come_first(
    classes: int, n: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    probability = rng.dirichlet(np.ones(classes), n)
    zeros = np.zeros(n, dtype=np.int64)
    test = Predictions(zeros, zeros, rng.integers(0, classes, n), probability)
    rows = telling_windows(test, classes)
    assert len(set(rows.tolist())) == len(rows) <= MOST_WINDOWS
    hit = (test.predicted == test.truth)[rows]
    assert hit.tolist() == sorted(hit.tolist())


def earlier(done_in: Path, **changes: object) -> EarlierRun:
    run = EarlierRun(7, "first try", "cnn1d", done_in, "digest")
    return replace(run, **changes)  # type: ignore[arg-type]


def warm(context: RecordingContext, data: Dataset, **sections: object) -> torch.nn.Module:
    """Build the network that a run starts from when it continues experiment 7."""
    from integrations.cnn1d.model import Cnn1d
    from integrations.core.training.pretrained import start_from

    config = config_of(**sections)
    mode = config.input.normalisation
    channels, classes = len(data.info.channels), len(data.info.classes)
    model = Cnn1d(config.architecture, mode, config.data.window_samples, channels, classes)
    start_from(7, model, "cnn1d", data.info, context)
    return model


def test_warm_start_takes_all_weights_of_the_earlier_run(
    done: tuple[Path, FitResult], toy: Dataset, tmp_path: Path
) -> None:
    from safetensors.torch import load_file

    context = RecordingContext(tmp_path, earlier=[earlier(done[0])])
    model = warm(context, toy)
    kept = load_file(done[0] / "model.safetensors")
    assert all(torch.equal(value, kept[name]) for name, value in model.state_dict().items())
    assert "all layers of “first try” (#7)" in context.lines[-1][1]


def test_warm_start_on_other_classes_leaves_only_the_scores_fresh(
    done: tuple[Path, FitResult], toy: Dataset, tmp_path: Path
) -> None:
    from safetensors.torch import load_file

    recordings = tuple(
        replace(r, label=f"{r.label} {i % 2}") for i, r in enumerate(toy.info.recordings)
    )
    other = Dataset(toy.folder)
    other.info = replace(toy.info, recordings=recordings)
    context = RecordingContext(tmp_path, earlier=[earlier(done[0])])
    state = warm(context, other).state_dict()
    kept = load_file(done[0] / "model.safetensors")
    fresh = {name for name, value in kept.items() if value.shape != state[name].shape}
    assert len(fresh) == 2
    assert all(name.startswith("classifier") for name in fresh)


@pytest.mark.parametrize(
    ("changes", "sections", "message"),
    [
        ({"id": 8}, {}, "no finished run"),
        ({"family": "resnet1d"}, {}, "of the family resnet1d"),
        ({"folder": Path("/nowhere")}, {}, "missing or damaged"),
        ({}, {"architecture": {"filters": 8, "n_blocks": 2}}, "another shape"),
    ],
)
def test_warm_start_that_does_not_fit_is_refused(
    done: tuple[Path, FitResult],
    toy: Dataset,
    tmp_path: Path,
    changes: dict[str, object],
    sections: dict[str, object],
    message: str,
) -> None:
    context = RecordingContext(tmp_path, earlier=[earlier(done[0], **changes)])
    with pytest.raises(TrainingError, match=message):
        warm(context, toy, **sections)


def test_precision_is_what_was_asked_for_where_the_processor_has_it(tmp_path: Path) -> None:
    context = RecordingContext(tmp_path)
    available = bf16_available("cpu")
    assert chosen_precision(Precision.FLOAT32, True, context) is Precision.FLOAT32
    assert chosen_precision(Precision.AUTO, False, context) is Precision.FLOAT32
    best = Precision.BFLOAT16 if available else Precision.FLOAT32
    assert chosen_precision(Precision.AUTO, True, context) is best
    assert chosen_precision(Precision.BFLOAT16, False, context) is best
    assert bool(context.lines) is not available


@pytest.mark.skipif(not bf16_available("cpu"), reason="this processor has no bfloat16")
def test_training_in_bfloat16_repeats_and_resumes_to_the_bit(tmp_path: Path, toy: Dataset) -> None:
    config = config_of(training={"epochs": 2, "patience": 0, "precision": "bfloat16"})
    context = RecordingContext(tmp_path / "a")
    whole = FAMILY.fit(config, toy, context)
    again = RecordingContext(tmp_path / "a", resume_from=context.epochs[0][3])
    resumed = FAMILY.fit(config, toy, again)
    assert whole.extras["precision"] == "bfloat16"
    assert np.array_equal(resumed.test.probability, whole.test.probability)


def test_new_recordings_are_stretched_to_the_speed_a_model_was_trained_at() -> None:
    config = InputConfig(order_tracking=True)
    trained = [_at(600.0), _at(1200.0)]
    info = DatasetInfo("trained", "signal", ("a",), tuple(trained))
    reference = reference_hz(info, config)
    assert reference == 10.0
    new = DatasetInfo("new", "signal", ("a",), (_at(1200.0),))
    assert waveform(new, config, reference).span.tolist() == [0.5]
    assert waveform(new, config).span.tolist() == [1.0]
    with pytest.raises(TrainingError, match="slower than any"):
        waveform(DatasetInfo("slow", "signal", ("a",), (_at(300.0),)), config, reference)


def _at(rpm: float) -> Recording:
    return Recording("r", "c", "g", 1000, 1000.0, fields={"rpm": rpm})
