"""The comparison: the verdict in words on top, the evidence below; the address holds its state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash
import dash_mantine_components as dmc
from dash import dcc, html

from dash_app.components import banner, card, icon, leaky_badge, page_header, status_chip, term
from dash_app.pages._experiment import family_title
from dash_app.pages.compare import ids
from dash_app.pages.compare.marks import mark, run_names
from dash_app.pages.compare.state import (
    LARGEST_DELTA,
    SMALLEST_DELTA,
    Asked,
    asked_of,
    default_couple,
)
from dash_app.pages.compare.view_course import curves_card
from dash_app.pages.compare.view_verdict import nothing_chosen
from storage.entities import ExperimentEntity
from storage.stores.experiments import ExperimentQuery, ExperimentStore
from storage.stores.finished_runs import FinishedRuns
from tasks.comparison import MOST_COMPARED, metrics_of

EVERY_MS = 5_000
OFFERED = 30
RAW = "val_accuracy"
ABOUT_DELTA = (
    "Runs whose accuracies surely lie within this margin count as equal (two one-sided tests, "
    "TOST). Choose what would not matter in practice before you look."
)


def register() -> None:
    """Register the screen at "/compare"."""
    dash.register_page("compare", path="/compare", title="Compare · Signalbench", layout=layout)


def layout(**query: Any) -> html.Div:
    """Give the screen in the state that the address holds."""
    asked = asked_of(query)
    runs = ExperimentStore().several(asked.ids)
    return html.Div(
        [
            page_header("Compare", subtitle=_subtitle(runs)),
            *_notes(asked, runs),
            _runs_card(runs),
            *(_body(asked, runs) if runs else [nothing_chosen()]),
        ],
        className="page compare",
    )


def offers(search: str, runs: Sequence[ExperimentEntity]) -> list[dict[str, Any]]:
    """Give what can be added: runs on the same split first, then what the search finds."""
    known = {run.id for run in runs}
    wanted = search.strip().replace("\0", "")[:200]
    same: list[ExperimentEntity] = []
    if runs and runs[0].split_digest:
        same = FinishedRuns().on_split(runs[0].split_digest, runs[0].dataset_fingerprint, OFFERED)
        same = [run for run in same if wanted.lower() in run.name.lower() and run.id not in known]
    found = ExperimentStore().page(ExperimentQuery(search=wanted, limit=OFFERED)).items
    near = {run.id for run in same}
    rest = [run for run in found if run.id not in known | near]
    groups = (("Same data and split", same), ("Other runs", rest))
    return [
        {"group": name, "items": [_offer(run) for run in part]} for name, part in groups if part
    ]


def _subtitle(runs: Sequence[ExperimentEntity]) -> str:
    names = dict.fromkeys(run.dataset_name for run in runs)
    splits = {run.split_digest for run in runs if run.split_digest}
    if not names:
        return "Runs side by side, with a verdict that the numbers carry"
    where = ", ".join(names) if len(names) < 3 else f"{len(names)} data sets"
    return f"{where} · {'one split' if len(splits) == 1 else f'{len(splits)} splits'}"


def _notes(asked: Asked, runs: Sequence[ExperimentEntity]) -> list[Any]:
    said = []
    if asked.too_many:
        said.append(f"At most {MOST_COMPARED} runs are compared; the first {MOST_COMPARED} stay.")
    missing = [n for n in asked.ids if n not in {run.id for run in runs}]
    if missing:
        names = ", ".join(f"#{number}" for number in missing)
        said.append(f"{names} cannot be found; deleted runs can be brought back from the list.")
    return [banner("warning", " ".join(said))] if said else []


def _runs_card(runs: Sequence[ExperimentEntity]) -> html.Section:
    chips = [_run_chip(run, i) for i, run in enumerate(runs)]
    full = len(runs) >= MOST_COMPARED
    add = dmc.Select(
        id=ids.ADD,
        data=offers("", runs),
        placeholder=f"{MOST_COMPARED} are the most" if full else "Add a run …",
        disabled=full,
        searchable=True,
        leftSection=icon("plus-lg"),
        nothingFoundMessage="No run of that name",
        className="compare-add",
        comboboxProps={"width": 340, "position": "bottom-start"},
        **{"aria-label": "Add a run to the comparison"},
    )
    return html.Section([html.Ul(chips, className="compare-runs"), add],
                        className="compare-chosen", **{"aria-label": "Compared runs"})  # fmt: skip


def _run_chip(run: ExperimentEntity, position: int) -> html.Li:
    screen = "results" if run.accuracy is not None else "monitor"
    state = [] if run.status == "completed" else [status_chip(run.status)]
    leaks = [leaky_badge()] if run.leaky else []
    remove = html.Button(
        icon("x-lg"),
        id=ids.remove_id(run.id),
        className="icon-button",
        **{"aria-label": f"Take “{run.name}” out of the comparison"},
    )
    about = f"#{run.id} · {family_title(run.family)} · {run.dataset_name}"
    return html.Li(
        [
            mark(position),
            html.Div(
                [
                    dcc.Link(run.name, href=f"/experiment/{run.id}/{screen}", title=run.name),
                    html.Div(about, className="muted small", title=about),
                ]
            ),
            *state,
            *leaks,
            remove,
        ]
    )


def _body(asked: Asked, runs: Sequence[ExperimentEntity]) -> list[Any]:
    metrics = metrics_of([run.id for run in runs])
    usual = RAW if RAW in metrics else next(iter(metrics), RAW)
    metric = asked.metric if asked.metric in metrics else usual
    pending = [run.id for run in runs if not run.status.ended]
    first, second = default_couple(runs, asked.first, asked.second)
    couple = _couple_section(runs, first, second) if second is not None else []
    return [
        dcc.Store(id=ids.RUNS, data=[run.id for run in runs]),
        dcc.Store(id=ids.JUDGED),
        dcc.Store(id=ids.PENDING, data=pending),
        dcc.Store(id=ids.ADDRESS),
        dcc.Interval(id=ids.TICK, interval=EVERY_MS, max_intervals=-1 if pending else 0),
        _verdict_card(asked.delta),
        html.Div(_skeleton(180), id=ids.METRICS),
        html.Div(id=ids.PAIRS),
        curves_card(metrics or [metric], metric, asked.over, asked.smoothing),
        card(
            html.Div(id=ids.SETTINGS),
            title="Settings",
            help="The most likely causes of a difference are what differs.",
            actions=[
                dmc.Switch(
                    id=ids.ALL_SETTINGS, label="Also those that are the same", size="xs",
                    checked=asked.all_settings,
                )
            ],
        ),
        *couple,
        html.Div(id=ids.PARALLEL),
        html.Div(id=ids.REPEATS),
        html.Div(id=ids.DATASETS),
        html.Div(asked.field, id="compare-asked-field", hidden=True),
    ]  # fmt: skip


def _verdict_card(delta: float) -> html.Section:
    margin = html.Div(
        [
            term("Differences below", ABOUT_DELTA),
            dmc.NumberInput(
                id=ids.DELTA, value=round(delta * 100, 2), min=SMALLEST_DELTA * 100,
                max=LARGEST_DELTA * 100, step=0.5, decimalScale=2, debounce=400, size="xs", w=76,
                **{"aria-label": "Margin of equivalence in percentage points"},
            ),
            html.Span("percentage points do not matter"),
        ],
        className="compare-delta small",
    )  # fmt: skip
    waiting = html.Div(className="skeleton-line")
    return html.Section(
        [html.Div(waiting, id=ids.VERDICT, **{"aria-live": "polite"}), margin],
        className="card verdict compare-verdict",
        **{"aria-label": "Verdict"},
    )


def _couple_section(
    runs: Sequence[ExperimentEntity], first: int | None, second: int | None
) -> list[Any]:
    tested = [run for run in runs if run.accuracy is not None]
    names = run_names(tested)
    data = [{"value": str(run.id), "label": name} for run, name in zip(tested, names, strict=True)]
    choices = [
        dmc.Select(id=each, data=data, value=str(value), allowDeselect=False, size="xs",
                   className="compare-choice", **{"aria-label": label})
        for each, value, label in (
            (ids.FIRST, first, "First run"), (ids.SECOND, second, "Second run")
        )
    ]  # fmt: skip
    bar = html.Div(
        [html.H2("Two of them closely"), html.Div([choices[0], html.Span("against"), choices[1]],
                                                 className="row")],
        className="compare-couple-head",
        id="compare-couple-head",
    )  # fmt: skip
    return [bar, html.Div(_skeleton(320), id=ids.COUPLE, className="stack")]


def _offer(run: ExperimentEntity) -> dict[str, str]:
    figure = f" · {run.accuracy * 100:.1f} %" if run.accuracy is not None else ""
    return {"value": str(run.id), "label": f"{run.name[:60]} (#{run.id}){figure}"}


def _skeleton(height: int) -> html.Div:
    return html.Div(className="card skeleton-block", style={"height": f"{height}px"})
