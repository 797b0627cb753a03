"""A finished run's failures: analysed, kept with it, explained on demand, read over REST."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from dash_app.api.experiment_failures import FailureQuery, list_failures
from dash_app.pages.experiment_results.failures_loading import failures_of
from integrations.core.contract import Predictions
from integrations.core.data.dataset import Dataset, FloatArray
from integrations.core.data.windows import WindowIndex, gather
from integrations.core.explain.explain import explain
from integrations.core.explain.on_demand import explain_rows, joined
from integrations.core.failures.explanations import load_explanations, save_explanations
from integrations.core.failures.reasons import flags, reasons_of
from integrations.core.failures.store import ARRAYS, FACTS, FailureFilesError, load_failures
from storage.artifacts import artifacts
from storage.entities import ConflictError, ExperimentEntity, NotFoundError
from storage.settings import settings
from storage.stores.experiments import ExperimentStore
from tasks.failures import analyse_failures
from tasks.queue import order_analysis
from tests.support.finished_run import WINDOW, Toy, finished_run


@pytest.fixture
def run(sqlite: str) -> ExperimentEntity:
    """A run with mistakes whose model is gone, analysed."""
    number = finished_run(Toy(explained=True, noise=2.5, recordings_per_class=10))
    analyse_failures(number)
    return ExperimentStore().get(number)


def test_an_analysis_is_kept_with_the_run_and_says_of_each_window_what_is_unusual(
    run: ExperimentEntity,
) -> None:
    found = failures_of(run)
    assert found.stored is not None
    analysis, test = found.stored.analysis, found.result.test
    assert analysis.space == "signal"  # the toy left no model
    assert "no finished model" in analysis.space_note
    for code, (holds, known) in flags(analysis, test).items():
        assert not (holds & ~known).any(), code
    for row in range(len(test.truth)):
        for reason in reasons_of(analysis, found.result, row):
            assert any(letter.isdigit() for letter in reason.sentence) or reason.code == "edge"
    near = analysis.near_recording
    assert (near >= 0).all()
    assert not set(near.ravel().tolist()) & set(test.recording.tolist())


def test_rest_gives_the_worst_windows_by_cell_and_by_reason(run: ExperimentEntity) -> None:
    every = list_failures(run.id, FailureQuery(limit=500))
    assert every.analysed
    assert [f.loss for f in every.items] == sorted((f.loss for f in every.items), reverse=True)
    classes = failures_of(run).result.info.classes
    first = every.items[0]
    cell = FailureQuery(true=classes.index(first.true), predicted=classes.index(first.predicted))
    assert list_failures(run.id, cell).items[0] == first
    edge = list_failures(run.id, FailureQuery(reason="edge", limit=500))
    assert all("edge" in [r.code for r in item.reasons] for item in edge.items)
    assert edge.total == sum("edge" in [r.code for r in item.reasons] for item in every.items)


def test_a_damaged_analysis_is_said_and_made_again(run: ExperimentEntity) -> None:
    files = {row.name: row for row in ExperimentStore().artifacts(run.id)}
    paths = [artifacts().path(files[name].path) for name in (FACTS, ARRAYS)]
    paths[1].write_bytes(b"PK\x03\x04 cut")
    with pytest.raises(FailureFilesError, match="made again"):
        load_failures(*paths)
    assert order_analysis(run.id).id == order_analysis(run.id).id
    with pytest.raises(NotFoundError):
        order_analysis(run.id + 1)


def test_a_run_without_results_is_not_analysed(run: ExperimentEntity) -> None:
    from storage.stores.experiments import NewExperiment

    new = NewExperiment("x", "cnn1d", run.dataset_id, run.config, preset="", tags=())
    with pytest.raises(ConflictError, match="no results yet"):
        order_analysis(ExperimentStore().create(new).id)


class LoudestBand:
    """A model of two classes: is a window louder in the lower or the upper half of frequency?"""

    classes: tuple[str, ...] = ("low", "high")
    channels: tuple[str, ...] = ("drive end",)
    window_samples: int = WINDOW
    sampling_rate_hz: float | None = None

    def probability(self, data: Dataset, windows: WindowIndex) -> npt.NDArray[np.float64]:
        return self.of(gather(data, windows))

    def features(self, data: Dataset, windows: WindowIndex) -> npt.NDArray[np.float32]:
        return self.probability(data, windows).astype(np.float32)

    def of(self, windows: FloatArray) -> npt.NDArray[np.float64]:
        power = np.abs(np.fft.rfft(windows[:, 0])) ** 2
        low = power[:, : WINDOW // 4].sum(1) / power.sum(1)
        return np.stack([low, 1 - low], axis=1)


def test_a_window_explained_on_demand_is_explained_as_the_run_would_have(
    run: ExperimentEntity,
) -> None:
    data = Dataset(settings().datasets_folder / "toy")
    told = failures_of(run).result.test
    model, rows = LoudestBand(), np.array([5, 2, 9])
    index = WindowIndex(told.recording, told.start, WINDOW)
    test = Predictions(told.recording, told.start, told.truth, model.probability(data, index))
    found = explain_rows(model, data, test, rows)
    wanted = explain(lambda windows, _: model.of(windows), data, test, WINDOW, rows)
    assert found.keys() == wanted.keys()
    for name, values in wanted.items():
        np.testing.assert_allclose(found[name], values, atol=1e-6)
    path = save_explanations(
        settings().data, joined(found, {**found, "explained_cam": np.ones((3, 4))})
    )
    both = load_explanations(path)
    assert both["explained_occlusion"].shape[0] == 6
    assert np.isnan(both["explained_cam"][:3]).all()
    assert (both["explained_cam"][3:] == 1).all()
    assert load_explanations(settings().data / "none.npz") == {}
