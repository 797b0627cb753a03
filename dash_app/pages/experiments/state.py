"""The inputs that say what the table shows; assets/history.js takes them in the same order."""

from __future__ import annotations

from dash_app.pages.experiments import ids

FILTERS = (
    (ids.WHERE, "data"),
    (ids.STATUS, "value"),
    (ids.FAMILY, "value"),
    (ids.DATASET, "value"),
    (ids.TAG, "value"),
    (ids.DATES, "value"),
)
SHAPE = (
    (ids.COLUMNS, "data"),
    (ids.GROUP, "value"),
    (ids.OPEN, "data"),
    (ids.FOLD, "checked"),
)
