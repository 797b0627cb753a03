"""Filters and order of experiments as query parameters, shared by the list and the CSV export."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from dash_app.api._fields import LARGEST_ID, Identifier, Moment, Text
from storage.entities import Status
from storage.stores.experiments import MAX_PAGE, ExperimentQuery

Words = Annotated[list[Annotated[Text, Field(max_length=200)]], Field(max_length=50)]


class ExperimentFilter(BaseModel):
    """Filters given several times mean any of the values, except tags: all of them."""

    search: Annotated[Text, Field(max_length=200)] = ""
    family: Words = []
    status: Annotated[list[Status], Field(max_length=20)] = []
    tag: Words = []
    dataset_id: Annotated[list[Identifier], Field(max_length=50)] = []
    since: Moment | None = None
    until: Moment | None = None
    sort: Annotated[Text, Field(max_length=64)] = "created_at"
    order: Literal["asc", "desc"] = "desc"

    def query(self, limit: int = 1, offset: int = 0) -> ExperimentQuery:
        """Give the store's query for a page."""
        return ExperimentQuery(
            search=self.search,
            families=tuple(self.family),
            statuses=tuple(self.status),
            tags=tuple(self.tag),
            dataset_ids=tuple(self.dataset_id),
            since=self.since,
            until=self.until,
            sort=((self.sort, self.order == "desc"),),
            limit=limit,
            offset=offset,
        )


class ExperimentPage(ExperimentFilter):
    """A page of a filtered list."""

    limit: Annotated[int, Field(ge=1, le=MAX_PAGE)] = 50
    offset: Annotated[int, Field(ge=0, le=LARGEST_ID)] = 0
