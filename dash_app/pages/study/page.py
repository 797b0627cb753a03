"""The frame of a study's screen."""

from __future__ import annotations

from typing import Any

import dash
from dash import dcc, html

from dash_app.components import empty_state, page_header, relative_time
from dash_app.pages.study import ids
from storage.entities import LEARNING_CURVE, NotFoundError, StudyEntity
from storage.stores.studies import StudyStore

LARGEST_ID = 2**31 - 1
POLL_MS = 3000
MOST_COMPARED = 10
KINDS = {"repeats": "repeats", LEARNING_CURVE: "learning curve"}


def register() -> None:
    """Register the screen of one study."""
    dash.register_page(
        "study",
        path_template="/study/<study_id>",
        title="Study · Signalbench",
        layout=layout,
    )


def layout(study_id: str | None = None, **_query: Any) -> html.Div:
    """Give the screen of a study, or say that there is none."""
    study = find_study(study_id)
    return _not_found() if study is None else _screen(study)


def find_study(text: str | None) -> StudyEntity | None:
    """Give the study named in an address, or None when there is none."""
    if not text or not text.isascii() or not text.isdecimal() or int(text) > LARGEST_ID:
        return None
    try:
        return StudyStore().get(int(text))
    except NotFoundError:
        return None


def _screen(study: StudyEntity) -> html.Div:
    kind = html.Span(KINDS.get(study.kind, study.kind), className="chip")
    subtitle = html.Span(["Ordered ", relative_time(study.created_at)], className="facts-line")
    return html.Div(
        [
            dcc.Store(id=ids.STUDY, data=study.id),
            dcc.Store(id=ids.SEEN),
            dcc.Interval(id=ids.POLL, interval=POLL_MS),
            page_header(study.name, subtitle=subtitle, badges=[kind], actions=_actions(study)),
            html.Div(_skeleton(), id=ids.BODY, className="stack"),
        ],
        className="page study",
    )


def _actions(study: StudyEntity) -> list[Any]:
    members = StudyStore().members(study.id)
    compared = ",".join(str(number) for number in members[:MOST_COMPARED])
    found: list[Any] = []
    if len(members) > 1 and study.kind != LEARNING_CURVE:
        found.append(_link("Compare the runs", f"/compare?ids={compared}"))
    if members and study.kind != LEARNING_CURVE:
        again = f"/experiment/clone/{members[0]}?repeats={max(2, len(members))}"
        found.append(_link("Clone", again))
    if study.experiment_id is not None:
        found.append(_link("Open the run", f"/experiment/{study.experiment_id}/results"))
    return found


def _link(label: str, href: str) -> dcc.Link:
    return dcc.Link(label, href=href, className="button button-quiet")


def _skeleton() -> html.Div:
    return html.Div(
        [html.Div(className="card skeleton-block") for _ in range(4)], className="grid-4"
    )


def _not_found() -> html.Div:
    home = dcc.Link("All experiments", href="/experiments", className="button button-quiet")
    return html.Div(
        empty_state(
            "search",
            "There is no such study",
            "The address may have been cut off when it was copied.",
            actions=[home],
        ),
        className="page not-found",
    )
