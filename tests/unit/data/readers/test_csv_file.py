"""Text tables: every dialect instruments write, and sentences for what is no table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations.core.data.readers import ReadError, ReadSettings, open_file
from tests.support.recordings import put, read, values_of

ROWS = [(i / 1000, np.sin(i), float(i)) for i in range(50)]


def table(delimiter: str, decimal: str, header: str = "t,x,y") -> str:
    lines = [delimiter.join(f"{v:.6f}".replace(".", decimal) for v in row) for row in ROWS]
    return "\n".join([header.replace(",", delimiter), *lines]) + "\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    ("delimiter", "decimal"),
    [(",", "."), (";", "."), (";", ","), ("\t", ","), ("|", "."), (" ", ".")],
)
def test_every_dialect_gives_the_same_values(
    tmp_path: Path, encoding: str, delimiter: str, decimal: str
) -> None:
    path = put(tmp_path, "a.csv", table(delimiter, decimal).encode(encoding))
    values = read(path)
    assert list(values) == ["t", "x", "y"]
    np.testing.assert_allclose(values["x"], [row[1] for row in ROWS], atol=1e-6)


def test_latin_1_names_keep_their_letters(tmp_path: Path) -> None:
    text = "Zeit;Beschleunigung [m/s²];Öl\n0,1;1,5;2\n0,2;1,6;3\n0,3;1,7;4\n"
    values = read(put(tmp_path, "a.csv", text.encode("latin-1")))
    assert list(values) == ["Zeit", "Beschleunigung [m/s²]", "Öl"]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_any_line_end_is_read(tmp_path: Path, newline: str) -> None:
    text = newline.join(["a,b", "1,2", "3,4", "5,6"]) + newline
    assert read(put(tmp_path, "a.csv", text.encode()))["b"].tolist() == [2, 4, 6]


def test_lines_above_the_table_are_skipped_and_name_the_rate(tmp_path: Path) -> None:
    text = "Recorder 7\nSampling rate: 12 kHz\n\nA\tB\n1\t2\n3\t4\n5\t6\n"
    opened = open_file(put(tmp_path, "a.txt", text.encode()))
    assert opened.sampling_rate_hz == 12000
    assert values_of(opened)["A"].tolist() == [1, 3, 5]


def test_a_table_without_header_numbers_its_columns(tmp_path: Path) -> None:
    assert list(read(put(tmp_path, "a.csv", b"1,2\n3,4\n5,6\n"))) == ["column 1", "column 2"]


def test_duplicate_columns_are_numbered_and_said(tmp_path: Path) -> None:
    opened = open_file(put(tmp_path, "a.csv", b"x,x\n1,2\n3,4\n5,6\n"))
    assert [v.name for v in opened.variables] == ["x", "x (2)"]
    assert "More than one column is called “x”" in opened.warnings[0]


def test_a_text_column_is_offered_as_text(tmp_path: Path) -> None:
    opened = open_file(put(tmp_path, "a.csv", b"x,label\n1,ok\n2,ok\n3,bad\n"))
    assert [v.kind for v in opened.variables] == ["number", "text"]
    assert list(opened.source.texts("label")) == [["ok", "ok", "bad"]]


def test_missing_and_infinite_values_are_not_finite(tmp_path: Path) -> None:
    values = read(put(tmp_path, "a.csv", b"a,b\n1,NaN\n2,\n3,inf\n4,1e999\n5,6\n"))
    assert np.isfinite(values["b"]).tolist() == [False, False, False, False, True]


def test_the_whole_part_of_a_cut_table_is_read_when_asked(tmp_path: Path) -> None:
    path = put(tmp_path, "a.csv", b"a,b,c\n1,2,3\n4,5,6\n7,8")
    assert read(path, ReadSettings(keep_whole_part=True))["a"].tolist() == [1, 4]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\n\n\n", "no lines of text"),
        (b"a,b,c\n", "No rows of numbers"),
        (b"hello world\nthis is text\n", "No rows of numbers"),
        (b"a,b,c\n1,2,3\n4,5,6\n7,8", "cut short"),
        (b"a,b,c\n1,2,3\n4,5\n7,8\n1,2,3\n5,6,7\n8,9,9\n", "2 of 6 rows"),
        (b"a,b\n" + b"1,2\n" * 900 + b"1,zz\n" + b"1,2\n" * 9, "“zz"),
        (bytes(range(256)) * 50, "not text"),
        (b'a,b\n"1,2\n3,4\n5,6\n', "where a number"),
        (b",".join([b"1"] * 5000) + b"\n", "5\u202f000 columns"),
        (b",".join([b"1"] * 2_000_000) + b"\n", "line is longer"),
        (b"a,b\n1,2\n3,4\n" + b"1" * 5_000_000 + b",2\n", "line is longer"),
        (b"a,b\n" + b"1" * 5_000_000, "line is longer"),
    ],
)
def test_what_is_no_table_gets_a_sentence(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(ReadError, match=words):
        read(put(tmp_path, "a.csv", content))


finite = st.floats(-1e6, 1e6, allow_nan=False)


@settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(rows=st.lists(st.tuples(finite, finite), min_size=3, max_size=40))
def test_what_is_written_comes_back(tmp_path: Path, rows: list[tuple[float, float]]) -> None:
    lines = [f"{a!r};{b!r}" for a, b in rows]
    values = read(put(tmp_path, "a.csv", "\n".join(["a;b", *lines, ""]).encode()))
    np.testing.assert_array_equal(np.column_stack(list(values.values())), np.array(rows))


@pytest.mark.parametrize("size", range(1024, 9000, 1024))
def test_a_table_cut_anywhere_is_read_or_refused_but_never_crashes(
    tmp_path: Path, size: int
) -> None:
    whole = table(";", ",").encode() * 8
    path = put(tmp_path, "a.csv", whole[:size])
    try:
        read(path)
    except ReadError as error:
        assert str(error).endswith(".")  # noqa: PT017 - reading it well is fine too
