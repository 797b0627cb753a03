"""The review form: texts become options and options texts, errors stay at their field."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dash_app.pages.dataset_detail.review_values import to_options, to_values
from integrations.core.data.inspect import inspect_upload
from integrations.core.data.inspection import Inspection
from integrations.core.data.options import DerivedField, ImportOptions, RateRule


@pytest.fixture
def plan(tmp_path: Path) -> Inspection:
    for name in ("1730_B_7", "1797_IR_7", "1797_B_14"):
        np.savez(tmp_path / f"{name}.npz", x=np.arange(100.0))
    return inspect_upload(tmp_path, ImportOptions())


FULL = ImportOptions(
    name="set",
    unit="g",
    pattern="{a}_{b}_{c}",
    label_source="pattern",
    label_template="{b}",
    channels=("x",),
    sampling_rate_hz=12000,
    rate_rules=(RateRule(match="1797_Normal*", sampling_rate_hz=48000),),
    target_sampling_rate_hz=6000,
    derived=(DerivedField(name="load", source="a", values={"1730": 3, "1797": "none"}),),
    nan_policy="interpolate",
    keep_whole_part=True,
    csv_delimiter="\t",
    properties={"BPFO": 3.5848, "bearing": "6205-2RS"},
)


def test_options_survive_the_form(plan: Inspection) -> None:
    options, errors = to_options(to_values(FULL, plan), FULL, plan)
    assert errors == {}
    assert options == FULL


def test_what_nobody_chose_stays_with_the_importer(plan: Inspection) -> None:
    before = ImportOptions(name="set")
    options, _ = to_options(to_values(before, plan), before, plan)
    assert options == before


@pytest.mark.parametrize(
    ("text", "rate"),
    [("a* = 48 kHz", 48000), ("a*: 12000", 12000), ("a* = 1.2e4 Hz", 12000), ("a*=50", 50)],
)
def test_rates_are_read_with_their_units(plan: Inspection, text: str, rate: float) -> None:
    before = ImportOptions()
    options, _ = to_options({**to_values(before, plan), "rate_rules": text}, before, plan)
    assert options is not None
    assert options.rate_rules == (RateRule(match="a*", sampling_rate_hz=rate),)


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("rate_rules", "no rate here"),
        ("rate_rules", "a* = 0"),
        ("derived", "load: 1"),
        ("derived", "load from rpm: 1797"),
        ("properties", "BPFO"),
        ("sampling_rate_hz", -5),
        ("unit", "x" * 100),
    ],
)
def test_a_wrong_text_is_said_at_its_field(plan: Inspection, field: str, text: object) -> None:
    before = ImportOptions()
    options, errors = to_options({**to_values(before, plan), field: text}, before, plan)
    assert options is None
    assert list(errors) == [field]
