"""Trains the physics-informed network; imported only inside a run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from integrations.core.contract import FitResult, Predictions, RunContext, TrainingError
from integrations.core.data.dataset import Dataset
from integrations.core.data.splits import Split, split
from integrations.core.data.windows import group_indices
from integrations.core.evaluation.evaluate import evaluate
from integrations.core.signal.machine import bearing_kind
from integrations.core.signal.orders import score_names
from integrations.core.training.classification import outputs, train_classifier
from integrations.core.training.inputs import waveform
from integrations.core.training.recipe import Recipe
from integrations.core.training.transfer_path import augment_with_path
from integrations.core.training.windows import WindowSource, batches, effective_batch
from integrations.pinn.config import Fusion, PinnConfig
from integrations.pinn.fusion import choose_fusion, fit_scores_head, validation_can_judge
from integrations.pinn.inputs import NEPERS_PER_DB, PhysicsInputs
from integrations.pinn.lines import Line, LineSyntaxError, required_lines
from integrations.pinn.losses import SHORTFALL, TARGET, PhysicsObjective
from integrations.pinn.model import Output, PhysicsInformed, PlainNetwork
from integrations.pinn.requirements import missing_metadata
from integrations.pinn.sommerfeld import sommerfeld_extras

SCORES = 1


def fit(config: PinnConfig, data: Dataset, context: RunContext) -> FitResult:
    """Train and predict; see ``train_classifier``. Without physics weight, a plain network."""
    if config.physics.lambda_physics == 0:
        return train_classifier(config, data, context, _plain(config, data))
    _refuse_missing_metadata(data)
    run = _Run(config, data, context, split(data.info, config.data), _lines(config, data))
    result = train_classifier(config, data, context, run.recipe())
    return replace(result, extras={**result.extras, **run.heads_alone(result)})


def _refuse_missing_metadata(data: Dataset) -> None:
    missing = missing_metadata(data.info)
    if missing:
        raise TrainingError(" ".join(problem.message for problem in missing))


def _plain(config: PinnConfig, data: Dataset) -> Recipe:
    def build(train: WindowSource, n_classes: int) -> torch.nn.Module:
        return _network(config, data, train, n_classes)

    return Recipe(
        family="pinn",
        build=build,
        prepare=waveform(data.info, config.input),
        augment=augment_with_path,
        cam_layer=lambda model: model.blocks[-1][0],
    )


def _network(
    config: PinnConfig, data: Dataset, train: WindowSource, n_classes: int
) -> PlainNetwork:
    network = PlainNetwork(
        config.architecture, config.input.normalisation, config.data.window_samples,
        len(data.info.channels), n_classes,
    )  # fmt: skip
    network.normalise.learn_scale(train.sample())
    return network


def _lines(config: PinnConfig, data: Dataset) -> dict[str, tuple[Line, ...]]:
    try:
        told = config.physics.required_lines
        return required_lines(data.info.classes, bearing_kind(data.info), told)
    except LineSyntaxError as error:
        raise TrainingError(str(error)) from error


@dataclass
class _Run:
    """One training with physics: the recipe, and what is kept of it for the panels."""

    config: PinnConfig
    data: Dataset
    context: RunContext
    parts: Split
    lines: dict[str, tuple[Line, ...]]

    def recipe(self) -> Recipe:
        physics = self.config.physics
        self.prepare = PhysicsInputs(self.data.info, self.config, self.lines)
        self.log_s = self.prepare.standardise(self.parts.train)
        return Recipe(
            family="pinn",
            build=self.build,
            prepare=self.prepare,
            augment=augment_with_path,
            objective=PhysicsObjective(physics.lambda_physics, physics.sommerfeld_weight),
            cam_layer=lambda model: model.network.blocks[-1][0],
            finish=self.finish,
            card={"scores": score_names(self.data.info)},
        )

    def build(self, train: WindowSource, n_classes: int) -> torch.nn.Module:
        network = _network(self.config, self.data, train, n_classes)
        inputs, labels = train.take(np.arange(len(train)))
        scores = inputs[SCORES].cpu()
        model = PhysicsInformed(network, scores.shape[1], n_classes, self._ramp_steps(len(train)))
        penalty = fit_scores_head(
            model.scores_head, scores, labels.cpu(), self.data.info, train.index, self.config.seed
        )
        self.context.log(
            "info",
            f"Physics head fitted on {scores.shape[1]} scores; penalty {penalty:g}, chosen by "
            "leaving groups out of the training part.",
        )
        return model

    def _ramp_steps(self, n_windows: int) -> int:
        training = self.config.training
        batch = effective_batch(n_windows, training.batch_size)
        steps = len(batches(np.arange(n_windows), batch)) * training.epochs
        return round(self.config.physics.ramp_up * steps)

    def finish(
        self, model: torch.nn.Module, validation: WindowSource, test: WindowSource
    ) -> dict[str, Any]:
        assert isinstance(model, PhysicsInformed)  # noqa: S101 - narrows for the type checker
        share, sharpness, why = self._fusion(model, validation)
        model.share.fill_(share)
        model.sharpness.fill_(sharpness)
        self.context.log("info", f"The network has {share:.0%} of the say: {why}.")
        return {"network_share": share, "fusion_why": why, **self._looked_at(model, test)}

    def _fusion(self, model: PhysicsInformed, validation: WindowSource) -> tuple[float, float, str]:
        fixed = {Fusion.PHYSICS: 0.0, Fusion.EQUAL: 0.5, Fusion.NETWORK: 1.0}
        wanted = self.config.physics.fusion
        if wanted in fixed:
            return fixed[wanted], 1.0, "as it was set"
        if not validation_can_judge(self.data.info, self.parts):
            return (
                0.0,
                1.0,
                "the validation part holds machines of the training part, the test "
                "part does not, so nothing tells how the network does on new machines",
            )
        with torch.inference_mode():
            made = [out for _, _, out in outputs(model, validation)]
        network = torch.cat([out.network for out in made]).cpu()
        physics = torch.cat([out.physics for out in made]).cpu()
        units = group_indices(self.data.info)[validation.index.recording]
        share, sharp = choose_fusion(network, physics, validation.labels.cpu(), units)
        return share, sharp, "the smallest share that the validation part supports"

    def _looked_at(self, model: PhysicsInformed, test: WindowSource) -> dict[str, Any]:
        """Keep what both heads say of the test part, and what the lines and S were."""
        with torch.inference_mode():
            made: list[tuple[Any, Output]] = [(i, out) for i, _, out in outputs(model, test)]
        self._alone = {
            name: torch.softmax(torch.cat([getattr(o, name) for _, o in made]).double(), 1).cpu()
            for name in ("physics", "network")
        }
        shortfall = torch.cat([i[SHORTFALL] for i, _ in made]).cpu().numpy()
        heights = self.config.physics.margin_db - shortfall / NEPERS_PER_DB
        names = [", ".join(map(str, self.lines[name])) for name in self.data.info.classes]
        lines = {
            "line_height_db": np.where(np.isfinite(heights), heights, np.nan),
            "line_names": names,
        }
        if not self.prepare.has_sommerfeld:
            return lines
        told = torch.cat([out.sommerfeld for _, out in made]).cpu().double().numpy()
        target = torch.cat([i[TARGET].squeeze(1) for i, _ in made]).cpu().double().numpy()
        mean, deviation = self.log_s
        return lines | sommerfeld_extras(
            mean + deviation * target,
            mean + deviation * told,
            test.index.recording,
            group_indices(self.data.info),
        )

    def heads_alone(self, result: FitResult) -> dict[str, Any]:
        """Measure each head by itself on the test part, with the intervals of the whole."""
        rows = []
        for name in ("physics", "network", "fused"):
            test = result.test
            if name != "fused":
                probability = self._alone[name].numpy()
                test = Predictions(test.recording, test.start, test.truth, probability)
            found = evaluate(replace(result, test=test), self.parts, self.data.info).headline
            for figure in ("accuracy", "recording_accuracy"):
                each = found[figure]
                rows.append([each.value, each.low, each.high])
        table = np.array(rows).reshape(3, 2, 3)
        return {"head_names": ["physics", "network", "fused"], "head_accuracy": table}
