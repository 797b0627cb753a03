"""One run of an ensemble: choose members, fit their weights on validation, test once."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np

from integrations.core.contract import (
    CheckpointError,
    Control,
    FitResult,
    Interrupted,
    Predictions,
    RunContext,
)
from integrations.core.data.dataset import Dataset
from integrations.core.data.splits import Split, split
from integrations.core.data.windows import class_indices
from integrations.core.evaluation.figures_of_merit import counts_of_all, headline
from integrations.core.files import write_atomically
from integrations.ensemble.combine import Stack, log_loss
from integrations.ensemble.config import EnsembleConfig, Method
from integrations.ensemble.findings import findings
from integrations.ensemble.greedy import best_length, scorer
from integrations.ensemble.members import choose_members, read_part, stacked
from integrations.ensemble.methods import Ballots, Combined, ballots, combine, planned_steps, step

FORMAT_VERSION = 1


class Run:
    """One run: keeps what its steps share and obeys orders between them."""

    def __init__(self, config: EnsembleConfig, data: Dataset, context: RunContext) -> None:
        self.config = config
        self.info = data.info
        self.context = context
        self.parts: Split = split(data.info, config.data)
        self.history: list[dict[str, float]] = []
        self.bag: list[int] = []
        resumed = _read_checkpoint(self)
        chosen = config.members
        if resumed:
            # The best runs may be others by now; a resumed run keeps the members it began with.
            chosen = chosen.model_copy(update={"experiments": resumed["members"]})
        digest = self.parts.summary.digest
        self.members = choose_members(chosen, context, data.info, self.parts.validation, digest)
        self.given: Ballots = ballots(
            stacked([member.validation for member in self.members]),
            class_indices(data.info)[self.parts.validation.recording],
            data.info,
            self.parts.validation,
            config.combination.folds,
            config.data.seed,
        )
        if resumed:
            self.history, self.bag = resumed["history"], resumed["bag"]
            context.log("info", f"Resuming after step {len(self.history)}.")

    @property
    def identity(self) -> dict[str, Any]:
        """What must be equal for a checkpoint to fit."""
        return {
            "family": "ensemble",
            "config": self.config.model_dump(mode="json"),
            "data_fingerprint": self.info.fingerprint,
            "split_digest": self.parts.summary.digest,
        }

    @property
    def total(self) -> int:
        """Steps of the whole run."""
        return planned_steps(self.config.combination, len(self.members))


def fit(config: EnsembleConfig, data: Dataset, context: RunContext) -> FitResult:
    """Combine the members; see the contract."""
    run = Run(config, data, context)
    names = ", ".join(f"“{member.run.name}” ({member.run.id})" for member in run.members)
    context.log("info", f"Members: {names}.")
    stopped = _add_members(run)
    best = _best_step(run)
    combined = combine(config.combination, run.given, run.bag[:best])
    context.report_progress(0.95, "Asking the members about the test part")
    runs = [member.run for member in run.members]
    said = [read_part(each, "test", run.info, run.parts.test) for each in runs]
    members = stacked(said)
    test, validation = run.parts.test, run.parts.validation
    together = Predictions(test.recording, test.start, said[0].truth, combined.probability(members))
    return FitResult(
        test=together,
        validation=Predictions(
            validation.recording, validation.start, run.given.truth, combined.validation
        ),
        history=run.history,
        best_epoch=best,
        stopped=stopped,
        model_files=(_save(run, combined),),
        n_parameters=_n_parameters(combined),
        extras=findings(run.config, run.info, runs, run.given, run.bag[:best], combined, together,
                        members),
    )  # fmt: skip


def _add_members(run: Run) -> bool:
    """Make and report one step after the other; True when the user stopped it."""
    for number in range(len(run.history), run.total):
        order = run.context.control()
        if order in (Control.PAUSE, Control.CANCEL):
            raise Interrupted(order)
        if order is Control.STOP and run.history:
            return True
        began = time.perf_counter()
        run.bag = step(run.config.combination, run.given, run.bag)
        run.history.append(_figures(run, began))
        path = _write_checkpoint(run)
        run.context.report_epoch(number + 1, run.total, run.history[-1], path)
    return False


def _figures(run: Run, began: float) -> dict[str, float]:
    said = combine(run.config.combination, run.given, run.bag).validation
    figures = headline(counts_of_all(run.given.truth, said.argmax(axis=1), said.shape[1]))
    return {
        "val_loss": log_loss(said, run.given.truth),
        "val_accuracy": float(figures["accuracy"]),
        "val_macro_f1": float(figures["macro_f1"]),
        "members": float(len(set(run.bag))),
        "epoch_seconds": time.perf_counter() - began,
    }


def _best_step(run: Run) -> int:
    """Greedy selection keeps the best number of steps; the others use all their members."""
    settings = run.config.combination
    if settings.method is not Method.GREEDY:
        return len(run.bag)
    score = scorer(settings.criterion, run.given.truth, run.given.members.shape[2])
    return best_length(
        [
            score(combine(settings, run.given, run.bag[: n + 1]).validation)
            for n in range(len(run.bag))
        ]
    )


def _read_checkpoint(run: Run) -> dict[str, Any]:
    path = run.context.resume_from
    if path is None:
        return {}
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        text = f"The checkpoint {path.name} cannot be read. Start the run anew."
        raise CheckpointError(text, path) from error
    same = all(content.get(key) == value for key, value in run.identity.items())
    if not same or content.get("format_version") != FORMAT_VERSION:
        raise CheckpointError(
            "The checkpoint was made with other settings or other data. Start the run anew.", path
        )
    return content


def _write_checkpoint(run: Run) -> Path:
    path = run.context.folder / "checkpoints" / f"step-{len(run.history):03d}.json"
    content = {
        "format_version": FORMAT_VERSION,
        **run.identity,
        "versions": {"numpy": np.__version__},
        "members": [member.run.id for member in run.members],
        "bag": run.bag,
        "history": run.history,
    }
    text = json.dumps(content).encode()
    write_atomically(path, lambda file: file.write(text))
    return path


def _n_parameters(combined: Combined) -> int:
    if isinstance(combined.model, Stack):
        return combined.model.coefficients.size + combined.model.bias.size
    return len(combined.used)


def _save(run: Run, combined: Combined) -> Path:
    """Write who the members are and how they are weighed."""
    model = combined.model
    card = {
        **run.identity,
        "classes": run.info.classes,
        "channels": run.info.channels,
        "members": [
            {
                "id": member.run.id,
                "name": member.run.name,
                "family": member.run.family,
                "split_digest": member.run.split_digest,
                "weight": float(weight),
            }
            for member, weight in zip(run.members, combined.weights, strict=True)
        ],
        "stack": {
            "members": [run.members[number].run.id for number in combined.used],
            "coefficients": model.coefficients.tolist(),
            "bias": model.bias.tolist(),
        }
        if isinstance(model, Stack)
        else None,
    }
    path = run.context.folder / "model.json"
    text = json.dumps(card, indent=2).encode()
    write_atomically(path, lambda file: file.write(text))
    return path
