"""From expression to SQL; every condition is true or false, never unknown, so that not is exact."""

from __future__ import annotations

from collections.abc import Callable
from operator import eq, ge, gt, le, lt
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Float,
    and_,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.orm import Session

from storage.models import (
    Dataset,
    Experiment,
    ExperimentHeldOut,
    ExperimentMetric,
    ExperimentParam,
    ExperimentTag,
)
from storage.search.errors import SearchError
from storage.search.expression import (
    And,
    Compare,
    Expression,
    Flag,
    Not,
    Or,
    Range,
    Text,
    Within,
    Word,
)
from storage.search.fields import COLUMNS, Column, Named, Names
from storage.search.flags import flag_condition
from storage.search.literals import number_in, number_of, seconds_of, span_of
from storage.search.text import contains, in_datasets, mentions, tagged

Condition = ColumnElement[bool]
EXACT_INTEGER = 2.0**53
TABLES: dict[str, Any] = {
    "param": ExperimentParam,
    "metric": ExperimentMetric,
    "held_out": ExperimentHeldOut,
}
COMPARISONS = {"=": eq, "<": lt, "<=": le, ">": gt, ">=": ge}
OPPOSITES = {"!=": "=", "!~": "~"}
TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
SPELLINGS = {"true": "True", "yes": "True", "false": "False", "no": "False", "none": "None"}


def condition_of(expression: Expression, session: Session) -> Condition:
    """Give the SQL condition over experiments that an expression means.

    Raises:
        SearchError: A name means nothing, or a value does not fit it.
    """
    return _Writer(Names(session)).condition(expression)


class _Writer:
    """Writes conditions; knows what names mean."""

    def __init__(self, names: Names) -> None:
        self._names = names

    def condition(self, expression: Expression) -> Condition:
        match expression:
            case Text(word):
                return mentions(word.text)
            case Flag(kind, word):
                return flag_condition(kind, word)
            case Not(part):
                return not_(self.condition(part))
            case And(parts):
                return and_(true(), *(self.condition(part) for part in parts))
            case Or(parts):
                return or_(false(), *(self.condition(part) for part in parts))
            case Compare(name, operator, value):
                return self._compare(name, operator, value)
            case Within(name, items, negated):
                return self._within(name, items, negated)

    def _compare(self, name: Word, operator: str, value: Word) -> Condition:
        named = self._names.find(name)
        if operator in OPPOSITES:
            other = not_(_met(name, named, OPPOSITES[operator], value))
            return and_(_present(named), other)
        return _met(name, named, operator, value)

    def _within(self, name: Word, items: tuple[Word | Range, ...], negated: bool) -> Condition:
        named = self._names.find(name)
        found = or_(*(_item(name, named, item) for item in items))
        return and_(_present(named), not_(found)) if negated else found


def _item(name: Word, named: Named, item: Word | Range) -> Condition:
    if isinstance(item, Word):
        return _met(name, named, "=", item)
    ends = ((">=", item.low), ("<=", item.high))
    if named.sort == "column":
        return and_(*(_met(name, named, operator, value) for operator, value in ends))
    # Both ends are asked of one and the same value: a run may be tested on loads 0 and 3.
    return _having(named, *(_value_met(name, named, operator, value) for operator, value in ends))


def _present(named: Named) -> Condition:
    """Tell whether a run has a value at all; what is negated asks for another value, not none."""
    if named.sort == "column":
        return _present_in(COLUMNS[named.key])
    return _having(named)


def _present_in(column: Column) -> Condition:
    return column.sql.is_not(None) if column.sql is not None and column.nullable else true()


def _met(name: Word, named: Named, operator: str, value: Word) -> Condition:
    """Compare with one of = < <= > >= ~."""
    if named.sort == "column":
        return _column_met(name, COLUMNS[named.key], operator, value)
    return _having(named, _value_met(name, named, operator, value))


def _value_met(name: Word, named: Named, operator: str, value: Word) -> Condition:
    table = TABLES[named.sort]
    if table is ExperimentMetric:
        return _number_met(name, table.value, operator, value)
    return _stored_met(table, operator, value)


def _having(named: Named, *conditions: Condition) -> Condition:
    """Tell whether a run has a setting, metric or held-out value that fulfils the conditions."""
    table = TABLES[named.sort]
    key = table.field if table is ExperimentHeldOut else table.key
    mine = select(table.experiment_id).where(key == named.key, *conditions)
    return Experiment.id.in_(mine)


def _stored_met(table: Any, operator: str, value: Word) -> Condition:
    """Compare with a setting or a held-out value, which is stored as text and maybe as number."""
    if operator == "~":
        return contains(table.text, value.text)
    number = number_in(value.text)
    if operator == "=":
        # One column each, as an index holds: what reads as a number is stored as one too.
        spellings = {value.text, SPELLINGS.get(value.text.lower(), value.text)}
        same: Condition = table.text.in_(spellings)
        return same if number is None else table.number == _float(number)
    return and_(
        table.number.is_not(None), _ordered(operator, table.number, _float(number_of(value)))
    )


def _column_met(name: Word, column: Column, operator: str, value: Word) -> Condition:
    met = {
        "number": _number_met,
        "duration": _duration_met,
        "time": _time_met,
        "text": _text_met,
        "choice": _text_met,
        "key": _key_met,
        "truth": _truth_met,
    }.get(column.kind)
    if met is not None:
        found = met(name, column.sql, operator, value)
        return and_(_present_in(column), found) if column.nullable else found
    if column.kind == "tag":
        return tagged(_text_met(name, ExperimentTag.tag, operator, value))
    return in_datasets(_text_met(name, Dataset.name, operator, value))


def _number_met(name: Word, column: Any, operator: str, value: Word) -> Condition:
    if operator == "~":
        raise _unfit(name, operator, "a number", "=, !=, <, <=, >, >=, in and between")
    return _ordered(operator, column, _number(number_of(value)))


def _duration_met(name: Word, column: Any, operator: str, value: Word) -> Condition:
    if operator == "~":
        raise _unfit(name, operator, "a duration", "=, <, <=, >, >=, in and between")
    return _ordered(operator, column, _float(seconds_of(value)))


def _time_met(name: Word, column: Any, operator: str, value: Word) -> Condition:
    span = span_of(value)
    last = column < span.end if span.end > span.start else column <= span.end
    after = column >= span.end if span.end > span.start else column > span.end
    met: dict[str, Condition] = {
        "=": and_(column >= span.start, last),
        "<": column < span.start,
        "<=": last,
        ">": after,
        ">=": column >= span.start,
    }
    if operator not in met:
        raise _unfit(name, operator, "a time", "=, <, <=, >, >=, in and between")
    return met[operator]


def _text_met(name: Word, column: Any, operator: str, value: Word) -> Condition:
    if operator == "~":
        return contains(column, value.text)
    if operator == "=":
        same: Condition = func.lower(column) == func.lower(value.text)
        return same
    raise _unfit(name, operator, "text", "=, !=, ~, !~ and in")


def _key_met(name: Word, column: Any, operator: str, value: Word) -> Condition:
    # Without lower() around the column an index over it is of use.
    if operator == "=":
        same: Condition = column == value.text.lower()
        return same
    return _text_met(name, column, operator, value)


def _truth_met(name: Word, column: Any, operator: str, value: Word) -> Condition:
    if operator != "=":
        raise _unfit(name, operator, "yes or no", "= and !=")
    wanted = TRUTHS.get(value.text.lower())
    if wanted is None:
        raise SearchError(
            f"“{name.text}” is yes or no, not “{value.text}”.", value.position, value.length
        )
    met: Condition = column.is_(wanted)
    return met


def _ordered(operator: str, column: Any, value: Any) -> Condition:
    compare: Callable[[Any, Any], Condition] = COMPARISONS[operator]
    return compare(column, value)


def _number(value: float) -> ColumnElement[Any]:
    """Give a whole number as one, so that an index over whole numbers is of use."""
    if value.is_integer() and abs(value) < EXACT_INTEGER:
        return literal(int(value), BigInteger)
    return _float(value)


def _float(value: float) -> ColumnElement[Any]:
    return literal(value, Float(53))


def _unfit(name: Word, operator: str, kind: str, known: str) -> SearchError:
    return SearchError(
        f"“{name.text}” is {kind}, so “{operator}” does not fit it. Use {known}.",
        name.position, name.length,
    )  # fmt: skip
