"""Do new recordings fit a model: sentences that say what to do."""

from __future__ import annotations

import pytest

from integrations.core.data.dataset import Recording
from integrations.core.prediction.fitting import (
    FitError,
    match_channels,
    rate_question,
    too_short,
)
from integrations.core.prediction.options import PredictionOptions

PLAIN = PredictionOptions()
IN_ORDER = PredictionOptions(channels_in_order=True)


def test_channels_are_found_by_name_whatever_their_order() -> None:
    assert match_channels(["x", "y"], ["t2", "y", "x"], PLAIN).names == ("x", "y")


def test_a_number_in_a_channel_name_may_differ() -> None:
    found = match_channels(["X_DE_time"], ["X097_DE_time", "X097_FE_time"], PLAIN)
    assert found.names == ("X097_DE_time",)
    assert not found.note


def test_other_names_need_leave_unless_there_is_one_channel_only() -> None:
    with pytest.raises(FitError, match=r"“x”, “y”.*Take channels in order"):
        match_channels(["x", "y"], ["a", "b"], PLAIN)
    assert match_channels(["x", "y"], ["a", "b"], IN_ORDER).note == (
        "Channels were taken as “a” as “x”, “b” as “y”."
    )
    assert match_channels(["x"], ["a"], PLAIN).names == ("a",)


@pytest.mark.parametrize("options", [PLAIN, IN_ORDER])
def test_too_few_channels_are_refused_in_any_case(options: PredictionOptions) -> None:
    with pytest.raises(FitError, match="needs the channel “y”"):
        match_channels(["x", "y"], ["x"], options)


def test_rates_that_differ_or_are_unknown_are_asked_about() -> None:
    assert rate_question(None, [None, 5.0], PLAIN) == ""
    assert rate_question(100.0, [100.0, 100.05], PLAIN) == ""
    assert "Enter it" in rate_question(100.0, [100.0, None], PLAIN)
    assert "200 Hz" in rate_question(100.0, [100.0, 200.0], PLAIN)
    assert rate_question(100.0, [200.0], PredictionOptions(resample=True)) == ""


def test_a_recording_shorter_than_a_window_is_told() -> None:
    recording = Recording("r", "all", "r", 99)
    assert "99 samples" in too_short(recording, 100)
    assert too_short(recording, 99) == ""
