"""How chart descriptions become Plotly figures and words."""

from __future__ import annotations

import json
import math
from dataclasses import replace

from dash_app.components.chart_text import describe_chart
from integrations.core.figures.chart import (
    OKABE_ITO,
    Axis,
    Band,
    Bars,
    Heatmap,
    Label,
    Lines,
    Marker,
    Series,
)
from integrations.core.figures.plotly_renderer import to_plotly

CURVES = Lines(
    key="loss",
    title="Is the loss falling?",
    x_axis=Axis("Epoch"),
    y_axis=Axis("Loss"),
    series=(Series("Training", (1, 2, 3), (0.9, math.nan, 0.4)), Series("b", (1, 2), (1.0, 0.8))),
)
CONFUSION = Heatmap(
    key="confusion",
    title="Confusion matrix",
    x_axis=Axis("Predicted"),
    y_axis=Axis("True"),
    columns=("ok", "<b>bad</b>"),
    rows=("ok", "<b>bad</b>"),
    values=((1.0, 0.0), (0.25, 0.75)),
    value_axis=Axis("Share", percent=True, range=(0, 1)),
    texts=(("4", "0"), ("1", "3")),
)


def test_figures_hold_only_plain_json_values() -> None:
    for chart in (CURVES, CONFUSION):
        json.dumps(to_plotly(chart), allow_nan=False)


def test_a_value_that_is_not_finite_becomes_a_gap() -> None:
    assert to_plotly(CURVES)["data"][0]["y"] == [0.9, None, 0.4]


def test_a_series_keeps_the_colour_it_names() -> None:
    chart = replace(CURVES, series=(Series("c", (1,), (1,), colour=3), Series("d", (1,), (1,))))
    colours = [trace["line"]["color"] for trace in to_plotly(chart)["data"]]
    assert colours == [OKABE_ITO[3], OKABE_ITO[1]]


def test_zoom_survives_a_repaint_because_the_revision_is_the_key() -> None:
    assert to_plotly(CURVES)["layout"]["uirevision"] == "loss"


def test_axis_titles_carry_units_and_percent_is_written_as_percent() -> None:
    chart = replace(CURVES, x_axis=Axis("Time", "s"), y_axis=Axis("Accuracy", percent=True))
    layout = to_plotly(chart)["layout"]
    assert layout["xaxis"]["title"]["text"] == "Time (s)"
    assert layout["yaxis"]["tickformat"] == ".0%"


def test_a_logarithmic_range_is_given_in_decades() -> None:
    chart = replace(CURVES, y_axis=Axis("Loss", log=True, range=(0.01, 10)))
    axis = to_plotly(chart)["layout"]["yaxis"]
    assert (axis["type"], axis["range"]) == ("log", [-2.0, 1.0])


def test_names_typed_by_users_are_text_and_never_markup() -> None:
    figure = to_plotly(CONFUSION)
    assert figure["data"][0]["x"] == ["ok", "&lt;b&gt;bad&lt;/b&gt;"]


def test_a_band_is_drawn_behind_its_line_and_kept_out_of_legend_and_hover() -> None:
    series = Series("a", (1, 2), (0.5, 0.6), low=(0.4, 0.5), high=(0.6, 0.7))
    band, line = to_plotly(replace(CURVES, series=(series,)))["data"]
    assert (band["hoverinfo"], band["showlegend"], band["meta"]) == ("skip", False, "band")
    assert line["customdata"] == [[0.4, 0.6], [0.5, 0.7]]


def test_three_hundred_lines_have_no_legend_and_name_themselves_on_hover() -> None:
    many = tuple(Series(f"class {i}", (0, 1), (0, 1)) for i in range(300))
    layout = to_plotly(replace(CURVES, series=many))["layout"]
    assert (layout["showlegend"], layout["hovermode"]) == (False, "closest")


def test_three_hundred_classes_give_cells_without_words_in_a_bounded_height() -> None:
    names = tuple(f"class {i}" for i in range(300))
    row = (0.0,) * 300
    chart = replace(
        CONFUSION, columns=names, rows=names, values=(row,) * 300, texts=((("0",) * 300),) * 300
    )
    figure = to_plotly(chart)
    assert "texttemplate" not in figure["data"][0]
    assert figure["layout"]["height"] <= 640


def test_a_long_name_is_shortened_on_the_axis_only() -> None:
    name = "a very long recording name of many words"
    bars = Bars("b", "Bars", Axis("Importance"), (name,), (1.0,))
    figure = to_plotly(bars)
    assert figure["data"][0]["y"] == [name]
    assert figure["layout"]["yaxis"]["labelalias"][name].endswith("…")


def test_error_bars_are_distances_from_the_value() -> None:
    bars = Bars("b", "Bars", Axis("Importance"), ("a",), (0.5,), low=(0.4,), high=(0.8,))
    error = to_plotly(bars)["data"][0]["error_x"]
    assert [round(v, 6) for v in error["arrayminus"] + error["array"]] == [0.1, 0.3]


def test_a_guide_line_carries_its_label() -> None:
    chart = replace(CURVES, markers=(Marker("best", x=2.0), Marker("limit", y=0.5)))
    layout = to_plotly(chart)["layout"]
    assert [note["text"] for note in layout["annotations"]] == ["best", "limit"]
    assert (layout["shapes"][0]["x0"], layout["shapes"][0]["x1"]) == (2.0, 2.0)


SPECTROGRAM = Heatmap(
    key="map",
    title="Map",
    x_axis=Axis("Time", "s"),
    y_axis=Axis("Frequency", "Hz"),
    columns=(0.0, 0.5, 1.0),
    rows=(10.0, 20.0),
    values=((1.23456, math.nan, 3.0), (4.0, 5.0, 6.0)),
    value_axis=Axis("Level", "dB"),
)


def test_rows_of_numbers_make_a_continuous_axis_that_grows_upward() -> None:
    figure = to_plotly(SPECTROGRAM)
    trace, layout = figure["data"][0], figure["layout"]
    assert (trace["x"], trace["y"]) == ([0.0, 0.5, 1.0], [10.0, 20.0])
    assert trace["z"][0] == [1.235, None, 3.0]
    assert trace["showscale"]
    assert "type" not in layout["xaxis"]
    assert "autorange" not in layout["yaxis"]
    assert "Hz" in trace["hovertemplate"]
    json.dumps(figure, allow_nan=False)


def test_cells_on_a_logarithmic_axis_meet_at_their_geometric_mean() -> None:
    chart = replace(SPECTROGRAM, y_axis=Axis("Frequency", "Hz", log=True), rows=(10.0, 40.0))
    assert to_plotly(chart)["data"][0]["y"] == [5.0, 20.0, 80.0]


def test_names_on_one_axis_and_numbers_on_the_other_go_together() -> None:
    layout = to_plotly(replace(SPECTROGRAM, rows=("0", "1.6")))["layout"]
    assert layout["yaxis"]["type"] == "category"
    assert layout["yaxis"]["autorange"] == "reversed"
    assert "type" not in layout["xaxis"]


def test_labels_stand_at_their_points_also_on_a_logarithmic_axis() -> None:
    labels = (Label(2.0, 0.1, "a < b\nsecond"),)
    chart = replace(CURVES, y_axis=Axis("Loss", log=True), labels=labels)
    note = to_plotly(chart)["layout"]["annotations"][0]
    assert (note["x"], note["y"], note["text"]) == (2.0, -1.0, "a &lt; b<br>second")


def test_bands_are_shaded_by_their_strength() -> None:
    bands = (Band(1, 2, 0.5), Band(2, 3, 2.0))
    shapes = to_plotly(replace(CURVES, bands=bands))["layout"]["shapes"]
    assert [(s["x0"], s["x1"], s["opacity"]) for s in shapes] == [(1, 2, 0.225), (2, 3, 0.45)]


def test_the_text_alternative_of_a_map_names_its_largest_cell_with_units() -> None:
    assert "Largest: 6 dB at 20 Hz, 1 s" in describe_chart(SPECTROGRAM)


def test_the_text_alternative_names_axes_extremes_and_last_values() -> None:
    said = describe_chart(CURVES)
    assert "Loss over Epoch" in said
    assert "Training: 2 points, 0.4 to 0.9, last 0.4" in said


def test_the_text_alternative_of_a_matrix_names_its_largest_cell() -> None:
    assert "Largest: 100.0 % at ok, ok" in describe_chart(CONFUSION)


def test_empty_charts_are_described_without_an_error() -> None:
    assert "no values" in describe_chart(replace(CURVES, series=(Series("a", (), ()),)))
    assert "no bars" in describe_chart(Bars("b", "Bars", Axis("x"), (), ()))
    assert "No values" in describe_chart(replace(CONFUSION, values=()))
