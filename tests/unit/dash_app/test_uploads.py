"""Names from outside are made harmless before they touch the disk."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dash_app.api._uploads import safe_path


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("a.csv", "a.csv"),
        ("good/a.csv", "good/a.csv"),
        ("../../etc/passwd", "etc/passwd"),
        ("..\\..\\a.csv", "a.csv"),
        ("....//a.csv", "a.csv"),
        ("/etc/passwd", "etc/passwd"),
        ("C:\\data\\a.csv", "C_/data/a.csv"),
        ("file:///etc/passwd", "file_/etc/passwd"),
        ("con.csv", "_con.csv"),
        ("a\x00b.csv", "ab.csv"),
        ("a\u202egnp.csv", "agnp.csv"),
        ("  spaced .csv", "spaced .csv"),
        ("..", ""),
        ("", ""),
        ("/", ""),
    ],
)
def test_names_keep_their_folders_and_lose_their_tricks(given_name: str, kept: str) -> None:
    assert safe_path(given_name) == kept


def test_a_long_name_keeps_its_extension() -> None:
    short = safe_path("ä" * 5000 + ".csv")
    assert short.endswith(".csv")
    assert len(short.encode()) <= 130


@given(st.text(max_size=400))
def test_no_name_leaves_its_folder(name: str) -> None:
    kept = safe_path(name)
    parts = kept.split("/")
    assert not kept.startswith("/")
    assert ".." not in parts
    assert kept == "" or all(parts)
    assert all(len(part.encode()) <= 140 for part in parts)
    assert kept.isprintable() or kept == ""
