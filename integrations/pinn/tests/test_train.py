"""Both heads are kept apart, the ablation is a plain network, and no answer leaks into a head."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from integrations.core.contract import TrainingError
from integrations.core.data.dataset import Dataset, DatasetWriter
from integrations.core.data.splits import split
from integrations.core.testing import RecordingContext, toy_signals
from integrations.core.training.determinism import WEIGHTS, seed_everything
from integrations.pinn.config import ArchitectureConfig, PinnConfig
from integrations.pinn.fusion import choose_fusion, fit_scores_head, validation_can_judge
from integrations.pinn.inputs import PhysicsInputs
from integrations.pinn.model import PhysicsInformed, PlainNetwork, ScoresHead, fuse
from integrations.pinn.sommerfeld import r_squared, sommerfeld_extras
from integrations.pinn.train import fit

N, SCORES, CLASSES, WINDOW = 12, 5, 3, 256


def config(**physics: object) -> PinnConfig:
    return PinnConfig.model_validate(
        {
            "data": {"window_samples": 128},
            "physics": physics,
            "training": {"epochs": 2, "patience": 0},
        }
    )


@pytest.fixture
def toys(tmp_path: Path) -> Dataset:
    return toy_signals(tmp_path / "toys")


def network() -> PlainNetwork:
    seed_everything(0, WEIGHTS)
    return PlainNetwork(ArchitectureConfig(), PinnConfig().input.normalisation, WINDOW, 1, CLASSES)


def test_without_physics_weight_it_is_the_plain_network(toys: Dataset, tmp_path: Path) -> None:
    result = fit(config(lambda_physics=0.0), toys, RecordingContext(tmp_path / "run"))
    plain = PlainNetwork(
        ArchitectureConfig(), PinnConfig().input.normalisation, 128, 1, len(toys.info.classes)
    )
    assert result.n_parameters == sum(p.numel() for p in plain.parameters())
    assert not [name for name in result.history[0] if "line" in name or "sommerfeld" in name]
    assert "head_accuracy" not in result.extras


def test_the_network_s_half_starts_like_the_plain_network() -> None:
    whole = PhysicsInformed(network(), SCORES, CLASSES, ramp_steps=4).eval()
    windows = torch.randn(N, 1, WINDOW, generator=torch.Generator().manual_seed(1))
    out = whole(windows, torch.randn(N, SCORES), torch.zeros(N, CLASSES))
    assert torch.equal(out.network, network().eval()(windows))


def test_the_sommerfeld_head_sees_the_waveform_alone() -> None:
    model = PhysicsInformed(network(), SCORES, CLASSES, ramp_steps=4).eval()
    windows = torch.randn(N, 1, WINDOW)
    told = [
        model(
            windows, torch.randn(N, SCORES), torch.randn(N, CLASSES),
            torch.randn(N, CLASSES), torch.randn(N, 1),
        ).sommerfeld
        for _ in range(2)
    ]  # fmt: skip
    assert torch.equal(*told)


def test_physics_losses_ramp_up_with_training_batches_only() -> None:
    model = PhysicsInformed(network(), SCORES, CLASSES, ramp_steps=2)
    given = (torch.randn(N, 1, WINDOW), torch.randn(N, SCORES), torch.zeros(N, CLASSES))
    assert [float(model(*given).strength) for _ in range(4)] == [0.0, 0.5, 1.0, 1.0]
    model.eval()
    model(*given)
    assert int(model.steps) == 4


def test_a_share_of_nothing_leaves_the_physics_alone() -> None:
    one, other = torch.randn(N, CLASSES), torch.randn(N, CLASSES)
    zero, whole, plain = torch.tensor(0.0), torch.tensor(1.0), torch.tensor(1.0)
    assert torch.allclose(fuse(one, other, zero, plain), torch.log_softmax(other, dim=1))
    assert torch.allclose(fuse(one, other, whole, plain), torch.log_softmax(one, dim=1))


def test_fusion_gives_the_network_no_more_than_validation_supports() -> None:
    labels = torch.arange(60) % CLASSES
    units = np.arange(60) // 10
    right = 6.0 * torch.nn.functional.one_hot(labels, CLASSES).float()
    blind = torch.zeros(60, CLASSES)
    assert choose_fusion(blind, right, labels, units)[0] == 0.0
    assert choose_fusion(right, blind, labels, units)[0] == 1.0
    assert choose_fusion(right, right, labels, units)[0] == 0.0


def test_validation_on_machines_of_the_training_part_may_not_judge(toys: Dataset) -> None:
    parts = split(toys.info, config().data)
    assert validation_can_judge(toys.info, parts)
    assert not validation_can_judge(toys.info, replace(parts, validation=parts.train))
    leaky = replace(parts, validation=parts.train, test=parts.train)
    assert validation_can_judge(toys.info, leaky)


def test_the_physics_head_finds_the_score_that_tells(toys: Dataset) -> None:
    index = split(toys.info, config().data).train
    position = {name: i for i, name in enumerate(toys.info.classes)}
    labels = torch.tensor([position[toys.info.recordings[i].label] for i in index.recording])
    scores = torch.randn(len(index), SCORES, generator=torch.Generator().manual_seed(0))
    scores[:, 2] += 4 * labels
    head = ScoresHead(SCORES, CLASSES)
    fit_scores_head(head, scores, labels, toys.info, index, seed=0)
    assert (head(scores).argmax(dim=1) == labels).float().mean() > 0.9
    assert int(head.weight.abs().sum(dim=0).argmax()) == 2


def test_both_heads_are_measured(toys: Dataset, tmp_path: Path) -> None:
    result = fit(config(), toys, RecordingContext(tmp_path / "run"))
    assert result.extras["head_names"] == ["physics", "network", "fused"]
    assert np.asarray(result.extras["head_accuracy"]).shape == (3, 2, 3)
    assert {"train_line_loss", "val_line_loss"} <= set(result.history[-1])


def test_a_fit_without_speeds_is_refused_in_words(toys: Dataset, tmp_path: Path) -> None:
    with DatasetWriter(tmp_path / "bare", name="bare", channels=["x"]) as writer:
        for i, recording in enumerate(toys.info.recordings):
            writer.add(toys.signal(i), replace(recording, fields={}))
    bare = Dataset(tmp_path / "bare")
    with pytest.raises(TrainingError, match="no shaft speed"):
        fit(config(), bare, RecordingContext(tmp_path / "run"))
    plain = fit(config(lambda_physics=0.0), bare, RecordingContext(tmp_path / "ablation"))
    assert len(plain.test.truth)


def test_required_lines_that_do_not_fit_the_data_are_refused(toys: Dataset, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no class of this data set"):
        fit(config(required_lines="x: BPFO"), toys, RecordingContext(tmp_path / "run"))


def test_shortfall_is_small_where_the_required_line_is_there(toys: Dataset) -> None:
    from integrations.pinn.lines import parse_lines

    lines = dict.fromkeys(toys.info.classes, ()) | parse_lines("class 1: 2.4x")
    journal = replace(toys.info, properties={"bearing_kind": "journal"})
    inputs = PhysicsInputs(journal, config(margin_db=10.0), lines)
    index = split(toys.info, config().data).train
    windows = np.stack(
        [toys.signal(r)[:, s : s + 128] for r, s in zip(index.recording, index.start, strict=True)]
    )
    shortfall = inputs(torch.from_numpy(windows), index)[3]
    assert torch.isinf(shortfall[:, [0, 2]]).all()
    is_one = np.array([toys.info.recordings[i].label == "class 1" for i in index.recording])
    assert shortfall[is_one, 1].median() < 0 < shortfall[~is_one, 1].median()


def test_r_squared_is_taken_over_recordings() -> None:
    known = np.array([0.0, 0.0, 1.0, 1.0, 2.0, 2.0])
    told = known + np.array([0.5, -0.5] * 3)
    recording = np.array([0, 0, 1, 1, 2, 2])
    extras = sommerfeld_extras(known, told, recording, np.arange(3))
    assert extras["sommerfeld_r2"][0] == 1.0
    assert r_squared(known, np.full(6, 1.0)) == 0.0
    assert sommerfeld_extras(np.full(6, np.nan), told, recording, np.arange(3)) == {}
