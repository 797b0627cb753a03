"""Ids of the data-set list."""

DROP = "datasets-drop"
LIST = "datasets-list"
VIEW = "datasets-view"
SEARCH = "datasets-search"
TICK = "datasets-tick"
SEEN = "datasets-seen"
GRID = "datasets-grid"
