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

    q: Annotated[
        Text,
        Field(
            max_length=2000,
            description="A search such as: family = cnn1d and val.macro_f1 > 0.95 or tag:keep",
        ),
    ] = ""
    search: Annotated[
        Text, Field(max_length=200, description="A piece of name, family, data set, note or tag")
    ] = ""
    family: Words = []
    status: Annotated[list[Status], Field(max_length=20)] = []
    tag: Words = []
    dataset_id: Annotated[list[Identifier], Field(max_length=50)] = []
    since: Moment | None = None
    until: Moment | None = None
    deleted: Annotated[bool, Field(description="The deleted runs that can be brought back")] = False
    sort: Annotated[
        Text,
        Field(
            max_length=500,
            description="Columns, metric:KEY or param:PATH, separated by commas; one that begins "
            "with - descends and one with + ascends, whatever the order",
        ),
    ] = "created_at"
    order: Literal["asc", "desc"] = "desc"

    def order_by(self) -> tuple[tuple[str, bool], ...]:
        """Give the columns to sort by, and whether each descends."""
        signs = {"-": True, "+": False, " ": False}  # an address spells a blank as +
        return tuple(
            (name.lstrip("+- "), signs.get(name[0], self.order == "desc"))
            for name in self.sort.split(",")
            if name
        )

    def query(self, limit: int = 1, offset: int = 0) -> ExperimentQuery:
        """Give the store's query for a page."""
        return ExperimentQuery(
            where=self.q,
            search=self.search,
            families=tuple(self.family),
            statuses=tuple(self.status),
            tags=tuple(self.tag),
            dataset_ids=tuple(self.dataset_id),
            since=self.since,
            until=self.until,
            deleted=self.deleted,
            sort=self.order_by(),
            limit=limit,
            offset=offset,
        )


class ExperimentPage(ExperimentFilter):
    """A page of a filtered list."""

    limit: Annotated[int, Field(ge=1, le=MAX_PAGE)] = 50
    offset: Annotated[int, Field(ge=0, le=LARGEST_ID)] = 0
