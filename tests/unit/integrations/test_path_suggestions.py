"""When random transfer paths are suggested."""

from __future__ import annotations

from integrations.core.data.dataset import DatasetInfo, Recording
from integrations.core.data.defaults import PATH_DB, path_suggestions


def machine(**properties: object) -> DatasetInfo:
    recording = Recording("a", "normal", "a", 9000, 1000.0, fields={"rpm": 1800.0})
    return DatasetInfo("m", "signal", ("x",), (recording,), properties=properties)


def test_vibration_behind_a_housing_gets_random_paths() -> None:
    assert path_suggestions(machine(bpfo=3.6))["augmentation"] == {"path_gain": PATH_DB}


def test_probes_that_face_the_shaft_get_none() -> None:
    assert "augmentation" not in path_suggestions(machine(bearing_kind="journal"))
