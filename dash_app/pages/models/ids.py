"""Component ids of the register."""

SEARCH = "models-search"
STAGE = "models-stage"
LIST = "models-list"
COUNT = "models-count"
