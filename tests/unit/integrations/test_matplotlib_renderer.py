"""Charts drawn for print: vector, quiet about odd values, and never reading names as markup."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import matplotlib as mpl
import numpy as np
import pypdfium2
import pytest

from integrations.core.figures.chart import (
    OKABE_ITO,
    Axis,
    Band,
    Bars,
    Chart,
    Heatmap,
    Label,
    Lines,
    Marker,
    Series,
)
from integrations.core.figures.matplotlib_renderer import height_mm, to_figure, to_pdf
from integrations.core.figures.print_text import UNKNOWN, printable

NAN, INFINITY = float("nan"), float("inf")


def lines(*series: Series, **options: object) -> Lines:
    return Lines("k", "t", Axis("Epoch"), Axis("Loss"), series, **options)  # type: ignore[arg-type]


def cells(names: tuple[str, ...], values: np.ndarray, texts: bool = False) -> Heatmap:
    rows = tuple(tuple(row) for row in values.tolist())
    said = tuple(tuple(f"{v:.0%}" for v in row) for row in rows) if texts else None
    share = Axis("Share", percent=True, range=(0.0, 1.0))
    return Heatmap("k", "t", Axis("Said"), Axis("True"), names, names, rows, share, said)


def bars(names: tuple[str, ...], values: tuple[float, ...], **spread: object) -> Bars:
    return Bars("k", "t", Axis("F1", percent=True), names, values, **spread)  # type: ignore[arg-type]


def over(columns: tuple[float, ...], rows: tuple[float, ...], log: bool = False) -> Heatmap:
    values = tuple(tuple(float(r + c) for c in columns) for r in rows)
    return Heatmap(
        "k", "t", Axis("Time", "s"), Axis("Frequency", "Hz", log=log), columns, rows, values,
        Axis("Level", "dB"),
    )  # fmt: skip


ODD: dict[str, Chart] = {
    "a map": over((0.0, 0.5, 1.0), (10.0, 20.0)),
    "a map with a logarithmic axis": over((0.0, 0.5), (10.0, 100.0, 1000.0), log=True),
    "a map of one cell": over((1.0,), (1.0,)),
    "a map without a cell": over((), ()),
    "a map whose places are no numbers": over((NAN, 1.0), (1.0, 2.0)),
    "labels and bands": lines(
        Series("a", (1, 2), (1, 2)),
        labels=(Label(1.5, 1.5, "a\nb"), Label(NAN, 1, "c")),
        bands=(Band(1, 1.5, 0.5), Band(NAN, 2)),
        markers=(Marker("m", x=1.5, colour=2),),
    ),
    "no series": lines(),
    "empty series": lines(Series("a", (), ())),
    "one point": lines(Series("a", (1.0,), (2.0,), points=True)),
    "nothing finite": lines(Series("a", (1.0, 2.0), (NAN, INFINITY))),
    "no positive value on a log axis": Lines(
        "k", "t", Axis("x", log=True), Axis("y", log=True), (Series("a", (0.0, -1.0), (0.0, NAN)),)
    ),
    "a range of no width": Lines(
        "k", "t", Axis("x", range=(1.0, 1.0)), Axis("y"), (Series("a", (1.0,), (1.0,)),)
    ),
    "a band with gaps": lines(Series("a", (1, 2, 3), (1, NAN, 3), (0, NAN, 2), (2, NAN, INFINITY))),
    "a marker that is no number": lines(Series("a", (1, 2), (1, 2)), markers=(Marker("m", x=NAN),)),
    "no bars": bars((), ()),
    "bars that are no numbers": bars(("a", "b"), (NAN, INFINITY), low=(NAN, 0), high=(NAN, NAN)),
    "no cells": cells((), np.zeros((0, 0))),
    "cells that are no numbers": cells(("a", "b"), np.full((2, 2), NAN), texts=True),
    "long names": bars(tuple("W" * 300 + str(i) for i in range(5)), (0.1,) * 5),
    "forty series": lines(*(Series("name " * 30, (1, 2), (1, i)) for i in range(40))),
}


@pytest.mark.parametrize("chart", ODD.values(), ids=ODD.keys())
@pytest.mark.parametrize("width_mm", [82.0, 170.0])
def test_odd_values_are_drawn_without_a_warning(chart: Chart, width_mm: float) -> None:
    assert to_pdf(chart, width_mm).startswith(b"%PDF-")


def test_the_same_chart_gives_the_same_bytes() -> None:
    chart = lines(Series("a", range(9), range(9)))
    assert to_pdf(chart) == to_pdf(chart)


def test_the_text_of_a_figure_can_be_searched() -> None:
    with pypdfium2.PdfDocument(to_pdf(lines(Series("Validation µΩ", (1, 2), (3, 4))))) as document:
        words = document[0].get_textpage()
        text = words.get_text_bounded()
        words.close()
    assert "Epoch" in text


def test_a_matrix_is_vectors_and_never_an_image() -> None:
    many = tuple(f"class {i}" for i in range(300))
    values = np.eye(300) * 0.9 + np.random.default_rng(0).random((300, 300)) * 0.1
    drawn = to_pdf(cells(many, values))
    assert b"/Subtype /Image" not in drawn
    assert len(drawn) < 600_000


def test_a_map_is_one_small_picture_with_searchable_axes() -> None:
    places = tuple(np.linspace(0, 1, 200).tolist())
    drawn = to_pdf(over(places, places))
    assert len(drawn) < 120_000
    assert drawn == to_pdf(over(places, places))
    axes = to_figure(over((0.0, 1.0), (10.0, 20.0))).axes[0]
    assert axes.get_ylim() == (5, 25)


def test_a_mistake_survives_the_coarser_drawing_of_a_large_matrix() -> None:
    values = np.zeros((300, 300))
    values[7, 251] = 1.0
    figure = to_figure(cells(tuple(f"class {i}" for i in range(300)), values))
    colours = figure.axes[0].collections[0].get_facecolor()
    assert (np.asarray(colours)[:, :3].sum(axis=1) < 1.5).sum() == 1


def test_dollar_signs_are_not_read_as_mathematics() -> None:
    figure = to_figure(bars((r"$\frac{1}{0$", "b$"), (0.5, 0.6)))
    said = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert said == [r"$\frac{1}{0$", "b$"]


def test_characters_without_a_glyph_and_control_characters_do_no_harm() -> None:
    assert printable("a\x00b\u202ec\n d") == "abc d"
    assert printable("轴承 🚀 Жук Ω ≥") == f"{UNKNOWN * 2} {UNKNOWN} Жук Ω ≥"


def test_a_class_keeps_its_colour_and_lines_of_one_colour_differ_in_dashes() -> None:
    chart = lines(*(Series(f"s{i}", (1, 2), (1, 2), colour=i % 8) for i in range(10)))
    drawn = to_figure(chart).axes[0].get_lines()
    assert [line.get_color() for line in drawn[:8]] == list(OKABE_ITO)
    assert drawn[0].get_color() == drawn[8].get_color()
    assert drawn[0].get_linestyle() != drawn[8].get_linestyle()


def test_names_that_start_with_an_underscore_stay_in_the_legend() -> None:
    chart = lines(Series("_a", (1, 2), (1, 2)), Series("b", (1, 2), (2, 1)))
    legend = to_figure(chart).legends[0]
    assert [text.get_text().strip("\u200b") for text in legend.get_texts()] == ["_a", "b"]


def test_a_spike_in_a_long_line_is_kept() -> None:
    y = np.zeros(100_000)
    y[54_321] = 9.0
    line = to_figure(lines(Series("a", range(100_000), y.tolist()))).axes[0].get_lines()[0]
    assert len(line.get_xdata()) <= 4000  # type: ignore[arg-type]
    assert max(line.get_ydata()) == 9.0  # type: ignore[arg-type, type-var]


def test_heights_follow_the_content_and_fit_a_page() -> None:
    few, many = bars(("a", "b"), (1, 1)), bars(tuple(map(str, range(40))), (1.0,) * 40)
    assert height_mm(few) < height_mm(many) < 240
    assert height_mm(cells(tuple(map(str, range(300))), np.eye(300))) <= 150


def test_threads_draw_in_turn_and_leave_the_settings_alone() -> None:
    before = dict(mpl.rcParams)
    chart = lines(Series("a", range(9), range(9)))
    with ThreadPoolExecutor(4) as pool:
        drawn = list(pool.map(lambda _: to_pdf(chart), range(8)))
    assert len(set(drawn)) == 1
    assert dict(mpl.rcParams) == before


def test_fonts_are_embedded_as_truetype() -> None:
    drawn = to_pdf(lines(Series("a", (1, 2), (1, 2))))
    assert re.search(rb"/CIDFontType2|/TrueType", drawn)
