"""What may be asked of the simulator, and what it says when it may not."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from dash_app.forms import all_fields, check, to_values
from integrations.core.simulator.config import SimulatorConfig
from integrations.core.simulator.presets import PRESETS
from integrations.core.simulator.simulate import problem_of


def test_the_default_is_1430_signals_of_eleven_classes() -> None:
    config = SimulatorConfig()
    assert (config.n_signals, len(config.classes), config.rate_hz) == (1430, 11, 4096.0)
    assert config.size_bytes == 1430 * 4096 * 4 * 4


def test_a_rolling_bearing_has_its_own_classes_and_rate() -> None:
    config = SimulatorConfig.model_validate({"content": {"kind": "rolling"}})
    assert config.classes == ("normal", "inner race", "outer race", "ball")
    assert config.rate_hz == 12_800


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.key)
def test_every_preset_can_be_made(preset: Any) -> None:
    assert problem_of(preset.apply()) == ""


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({"content": {"classes": ["normal", "rust"]}}, "content.classes", "no class"),
        ({"content": {"classes": ["normal"]}}, "content.classes", "at least two"),
        ({"operation": {"oil_grades": ["VG 9"]}}, "operation.oil_grades", "VG 46"),
        ({"operation": {"oil_grades": []}}, "operation.oil_grades", "VG 46"),
        ({"severity": {"lowest": 0.9, "highest": 0.5}}, "severity.highest", "Exchange"),
        ({"operation": {"lowest_speed_hz": 130}}, "operation.highest_speed_hz", "speed"),
        ({"recording": {"sampling_rate_hz": 500}}, "recording.sampling_rate_hz", "five times"),
        (
            {"content": {"signals_per_class": 20_000}, "recording": {"samples": 1_048_576}},
            "content.signals_per_class",
            "GiB",
        ),
    ],
)
def test_what_cannot_be_made_is_refused_at_its_field(
    values: dict[str, Any], field: str, words: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        SimulatorConfig.model_validate(values)
    (error,) = caught.value.errors()
    assert words in error["msg"]
    assert error["ctx"]["field"] == field


def test_the_form_shows_a_refusal_at_its_field() -> None:
    values = to_values(SimulatorConfig()) | {"severity.lowest": 0.9, "severity.highest": 0.3}
    checked = check(SimulatorConfig, values)
    assert checked.config is None
    assert "Exchange" in checked.errors["severity.highest"]


def test_every_setting_explains_itself_and_is_bounded() -> None:
    for spec in all_fields(SimulatorConfig).values():
        assert spec.title, spec.path
        assert len(spec.help) > 20, spec.path
        if spec.kind in ("integer", "number"):
            assert None not in (spec.ge, spec.le), spec.path


def test_the_form_gives_back_the_configuration() -> None:
    for preset in PRESETS:
        assert check(SimulatorConfig, to_values(preset.apply())).config == preset.apply()
