"""Operating conditions tell nothing of the class, and yet allow what physics asks for."""

from __future__ import annotations

from functools import cache
from math import sqrt

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier

from integrations.core.data.dataset import DatasetError, Recording
from integrations.core.simulator import oil_film
from integrations.core.simulator.conditions import condition_of, speed_range
from integrations.core.simulator.config import HEAVIEST_UNSTABLE, SimulatorConfig
from integrations.core.simulator.machine import machine_of
from integrations.core.simulator.simulate import TRUTH_FIELDS, problem_of, simulate_one

KINDS = ("journal", "rolling")


@cache
def recordings(kind: str) -> tuple[Recording, ...]:
    config = SimulatorConfig.model_validate(
        {"content": {"kind": kind, "signals_per_class": 78}, "recording": {"samples": 1024},
         "operation": {"highest_speed_hz": 100}}
    )  # fmt: skip
    return tuple(simulate_one(config, index).recording for index in range(config.n_signals))


def known(recording: Recording) -> dict[str, str | float]:
    return {name: v for name, v in recording.fields.items() if name not in TRUTH_FIELDS}


@pytest.mark.parametrize("kind", KINDS)
def test_a_classifier_on_metadata_alone_stays_at_chance_on_other_machines(kind: str) -> None:
    found = recordings(kind)
    names = sorted(known(found[0]))
    columns = []
    for name in names:
        values = [r.fields[name] for r in found]
        words = sorted({v for v in values if isinstance(v, str)})
        columns.append([words.index(v) if isinstance(v, str) else v for v in values])
    table, labels = np.array(columns).T, np.array([r.label for r in found])
    groups = np.array([r.group for r in found])
    tested = np.isin(groups, np.unique(groups)[::4])
    forest = RandomForestClassifier(100, random_state=0).fit(table[~tested], labels[~tested])
    accuracy = float((forest.predict(table[tested]) == labels[tested]).mean())
    chance = 1 / len(set(labels))
    assert accuracy <= chance + 3 * sqrt(chance * (1 - chance) / tested.sum())


@pytest.mark.parametrize("kind", KINDS)
def test_every_class_runs_under_exactly_the_same_conditions(kind: str) -> None:
    by_class: dict[str, list[dict[str, str | float]]] = {}
    for recording in recordings(kind):
        by_class.setdefault(recording.label, []).append(known(recording))
    first, *others = by_class.values()
    assert all(other == first for other in others)


@pytest.mark.parametrize("kind", KINDS)
def test_every_machine_makes_every_class(kind: str) -> None:
    found = recordings(kind)
    pairs = {(r.label, r.group) for r in found}
    assert len(pairs) == len({r.label for r in found}) * len({r.group for r in found})


def test_conditions_are_light_enough_for_whirl_where_it_may_occur() -> None:
    config = SimulatorConfig()
    for number in range(100):
        assert condition_of(config, number).eccentricity <= HEAVIEST_UNSTABLE + 1e-9


def test_heavy_conditions_occur_where_whirl_is_no_class() -> None:
    config = SimulatorConfig.model_validate(
        {"content": {"classes": ["normal", "wear"]}, "operation": {"lowest_load_mpa": 1.9}}
    )
    heaviest = max(condition_of(config, number).eccentricity for number in range(50))
    assert heaviest > HEAVIEST_UNSTABLE


def test_the_stated_sommerfeld_number_is_that_of_the_stated_conditions() -> None:
    config = SimulatorConfig()
    fields = simulate_one(config, 3).recording.fields
    machine = machine_of(config, 4)
    viscosity = oil_film.dynamic_viscosity(
        str(fields["oil grade"]), float(fields["oil temperature"])
    )
    s = oil_film.sommerfeld(
        viscosity, float(fields["rpm"]) / 60, float(fields["unit load"]) * 1e6, machine.psi
    )
    assert fields["Sommerfeld"] == pytest.approx(float(s), rel=0.01)
    assert fields["critical speed"] == pytest.approx(machine.critical_hz, abs=0.01)


def test_speeds_keep_to_the_chosen_range() -> None:
    config = SimulatorConfig.model_validate(
        {"operation": {"lowest_speed_hz": 50, "highest_speed_hz": 60}}
    )
    for number in range(1, 27):
        low, high = speed_range(config, machine_of(config, number))
        assert 50 <= low < high <= 60


def test_loads_that_forbid_whirl_are_refused_with_what_to_do() -> None:
    config = SimulatorConfig.model_validate(
        {"operation": {"lowest_load_mpa": 9.0, "highest_load_mpa": 10.0}}
    )
    assert "Lower the lightest load" in problem_of(config)
    with pytest.raises(DatasetError, match="always stable"):
        [condition_of(config, number) for number in range(26)]


def test_an_error_of_the_stated_speed_leaves_the_tacho_right() -> None:
    config = SimulatorConfig.model_validate(
        {"operation": {"speed_error_percent": 5.0, "changing_share": 0.0}}
    )
    made = simulate_one(config, 0)
    turns = int(((made.samples[3][1:] > 0.5) & (made.samples[3][:-1] <= 0.5)).sum())
    true = condition_of(config, 0).speed_hz
    assert abs(turns - true) <= 1
    assert abs(float(made.recording.fields["rpm"]) / 60 / true - 1) > 0.002
