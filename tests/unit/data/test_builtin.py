"""Real data sets from an installed package: complete, named, and cheap to list."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from integrations.core.data.builtin import builtin_sets, make
from integrations.core.data.dataset import Dataset, DatasetError

COUNTS = {
    "basic_motions": (80, 4),
    "gun_point": (200, 2),
    "acsf1": (200, 10),
    "plaid": (1074, 11),
    "italy_power_demand": (1096, 2),
    "japanese_vowels": (640, 9),
    "osu_leaf": (442, 6),
    "arrow_head": (211, 3),
}


def test_all_sets_of_the_package_are_listed() -> None:
    assert {s.key for s in builtin_sets()} == set(COUNTS)


@pytest.mark.parametrize("key", COUNTS)
def test_a_set_is_complete_and_keeps_the_published_split(key: str, tmp_path: Path) -> None:
    info = make(key, tmp_path / key)
    assert (len(info.recordings), len(info.classes)) == COUNTS[key]
    assert {r.published_split for r in info.recordings} == {"train", "test"}
    assert info.properties["citation"]
    Dataset(tmp_path / key).verify()


def test_an_unknown_key_is_told_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="gun_point"):
        make("nothing", tmp_path)


def test_listing_imports_neither_sktime_nor_pandas() -> None:
    code = (
        "import sys; from integrations.core.data.builtin import builtin_sets; builtin_sets(); "
        "print([m for m in ('sktime', 'pandas', 'scipy', 'pyarrow') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
