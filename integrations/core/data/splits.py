"""Divides windows into training, validation and test without letting a group stand on two sides."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from integrations.core.config import DataConfig, SplitStrategy
from integrations.core.data.dataset import DatasetInfo, field_text
from integrations.core.data.division import (
    TEST,
    TRAIN,
    VALIDATION,
    BoolArray,
    Division,
    cut_in_time,
    groups_by_class,
    hold_back_validation,
    pick_groups,
)
from integrations.core.data.train_share import keep_share
from integrations.core.data.windows import SplitError, WindowIndex, windows_of
from integrations.core.evaluation.evaluation import SplitSummary

__all__ = ["Split", "SplitError", "preview_split", "split"]


@dataclass(frozen=True)
class Split:
    """The three parts of a data set, each ordered by recording and start."""

    train: WindowIndex
    validation: WindowIndex
    test: WindowIndex
    summary: SplitSummary


def split(info: DatasetInfo, config: DataConfig, seed: int | None = None) -> Split:
    """Divide the windows of a data set; the same arguments always give the same division.

    Args:
        info: The data set; its samples are not touched.
        config: Window length, overlap, strategy and shares.
        seed: Replaces ``config.seed`` when given.

    Raises:
        SplitError: The division is impossible, with a sentence that says what to choose instead.
    """
    rng = np.random.default_rng([seed if seed is not None else config.seed, 0x5711])
    division = Division(info, windows_of(info, config), rng)
    name = _STRATEGIES[config.split](division, config)
    _check(division)
    # Taken before: runs on shares of one training part are comparable, their test is the same.
    digest = _digest(division)
    keep_share(division, config.train_share, config.train_share_seed)
    train, validation, test = (
        division.index.take(division.part == part) for part in (TRAIN, VALIDATION, TEST)
    )
    return Split(train, validation, test, _summary(division, name, digest))


def preview_split(info: DatasetInfo, config: DataConfig, seed: int | None = None) -> SplitSummary:
    """Say how a data set would be divided, for the wizard; cheap.

    Raises:
        SplitError: As ``split``.
    """
    return split(info, config, seed).summary


def _by_group(division: Division, config: DataConfig) -> str:
    everything = division.part == TRAIN
    single = {k for k, groups in groups_by_class(division, everything).items() if len(groups) < 2}
    if single:
        raise SplitError(
            f"Recordings of one group only: {division.names(single)}. That cannot be both trained "
            "on and tested by group. Add recordings of another group, or split by a field."
        )
    division.part[pick_groups(division, everything, config.test_fraction, keep=1)] = TEST
    hold_back_validation(division, config.validation_fraction)
    return "by group"


def _by_publication(division: Division, config: DataConfig) -> str:
    published = np.array([r.published_split or "" for r in division.info.recordings])
    if not np.isin(published, ["train", "test"]).all():
        raise SplitError(
            "Some recordings carry no published split. Choose the split by group instead."
        )
    division.part[division.of_recordings(published == "test")] = TEST
    hold_back_validation(division, config.validation_fraction)
    return "published split"


def _by_field(division: Division, config: DataConfig) -> str:
    values = _field_values(division.info, config.split_field)
    held_back = np.isin(values, config.test_values)
    if not held_back.any():
        raise SplitError(
            f"No recording has {config.split_field} {_listed(config.test_values)}. Choose among "
            f"{_listed(sorted(set(values.tolist()) - {''}))}."
        )
    division.part[division.of_recordings(held_back)] = TEST
    _divide_without_field(division, config, division.of_recordings(values == ""))
    hold_back_validation(division, config.validation_fraction)
    return f"by {config.split_field} ({_listed(config.test_values)} held back)"


def _divide_without_field(division: Division, config: DataConfig, missing: BoolArray) -> None:
    """Divide recordings that lack the field: by group where a class has three, else in time."""
    members = groups_by_class(division, missing)
    rich = np.isin(division.klass, [k for k, groups in members.items() if len(groups) >= 3])
    division.part[pick_groups(division, missing & rich, config.test_fraction, keep=2)] = TEST
    poor = {k for k, groups in members.items() if len(groups) < 3}
    mine = missing & np.isin(division.klass, sorted(poor))
    cut_in_time(division, mine, validation=config.validation_fraction, test=config.test_fraction)
    division.cut_in_time |= poor
    if poor:
        division.notes.append(
            f"Without {config.split_field} and with too few groups: {division.names(poor)}. These "
            "recordings are cut in time with a gap, which is leaky for that class: the same "
            "recording is on both sides."
        )


def _random_windows(division: Division, config: DataConfig) -> str:
    for klass in np.unique(division.klass).tolist():
        rows = division.rng.permutation(np.flatnonzero(division.klass == klass))
        n_test = max(1, round(len(rows) * config.test_fraction))
        n_validation = max(1, round((len(rows) - n_test) * config.validation_fraction))
        division.part[rows[:n_test]] = TEST
        division.part[rows[n_test : n_test + n_validation]] = VALIDATION
    return "random windows"


_STRATEGIES: dict[SplitStrategy, Callable[[Division, DataConfig], str]] = {
    SplitStrategy.GROUP: _by_group,
    SplitStrategy.PUBLISHED: _by_publication,
    SplitStrategy.FIELD: _by_field,
    SplitStrategy.RANDOM_WINDOWS: _random_windows,
}


def _check(division: Division) -> None:
    trained = set(np.unique(division.klass[division.part == TRAIN]).tolist())
    everyone = set(np.unique(division.klass).tolist())
    if len(everyone) < 2:
        raise SplitError("All recordings have the same class. Learning needs at least two.")
    if everyone - trained:
        raise SplitError(
            f"No training data would be left for {division.names(everyone - trained)}. Hold back "
            "other values, or add recordings of that class."
        )
    for part, word in ((VALIDATION, "validate on"), (TEST, "test on")):
        if not (division.part == part).any():
            raise SplitError(
                f"Nothing would be left to {word}. Add recordings, or choose shorter windows."
            )
    untested = everyone - set(np.unique(division.klass[division.part == TEST]).tolist())
    if untested:
        division.notes.append(
            f"No test data in this split for {division.names(untested)}; recall is unknown there."
        )


def _summary(division: Division, name: str, digest: str) -> SplitSummary:
    def groups(part: int) -> set[int]:
        return set(np.unique(division.group[division.part == part]).tolist())

    def windows(part: int) -> int:
        return int((division.part == part).sum())

    shared = (groups(TRAIN) | groups(VALIDATION)) & groups(TEST)
    return SplitSummary(
        name=name + _leak_in_words(division, shared),
        leaky=bool(shared),
        digest=digest,
        train_windows=windows(TRAIN),
        validation_windows=windows(VALIDATION),
        test_windows=windows(TEST),
        train_groups=len(groups(TRAIN)),
        validation_groups=len(groups(VALIDATION)),
        test_groups=len(groups(TEST)),
        test_recordings=len(np.unique(division.index.recording[division.part == TEST])),
        notes=tuple(division.notes),
    )


def _leak_in_words(division: Division, shared: set[int]) -> str:
    if not shared:
        return ""
    leaking = set(division.klass[np.isin(division.group, sorted(shared))].tolist())
    if leaking <= division.cut_in_time:
        return f"; {division.names(leaking)} cut in time"
    noun = division.info.properties.get("group_noun", "recording group")
    return f"; the same {noun} on both sides"


def _digest(division: Division) -> str:
    digest = hashlib.sha256(division.info.fingerprint.encode())
    digest.update(str(division.index.window_samples).encode())
    for array in (division.index.recording, division.index.start, division.part):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:16]


def _field_values(info: DatasetInfo, name: str) -> np.ndarray:
    return np.array([field_text(recording.fields.get(name, "")) for recording in info.recordings])


def _listed(values: list[str]) -> str:
    return ", ".join(values)
