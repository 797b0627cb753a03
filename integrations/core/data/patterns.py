"""Names of files as data: patterns with named parts, templates, and a guess at the pattern."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from integrations.core.data.dataset import DatasetError
from integrations.core.data.readers.base import clean_text

PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
SEPARATORS = "_- .,+"
MAX_PARTS = 12
MAX_LOOSE = 2
MAX_DEPTH = 3
MAX_NAME = 500
MAX_NAMES = 2000
CLASS_NAME = "fault"
FAULT_WORDS = re.compile(
    r"^(IR|OR|RE|B|N|(?i:ball|inner|outer|normal|healthy|good|ok|bad|faulty|fault|failed|cage|ref|"
    r"baseline|imbalance|unbalance|misalignment|crack|broken|damaged|defect|worn|wear))(at\d+|\d+)?$"
)


class PatternError(DatasetError):
    """A file-name pattern cannot be used; the text says what is wrong with it."""


@dataclass(frozen=True)
class NamePattern:
    """A compiled file-name pattern.

    Attributes:
        names: Its placeholders in order.
        whole_path: It speaks of folders too, not only of the file's name.
    """

    text: str
    regex: re.Pattern[str]
    names: tuple[str, ...]
    whole_path: bool

    def fields(self, relative_path: str) -> dict[str, str] | None:
        """Give the parts of a file's name, or None when it does not fit."""
        name = relative_path if self.whole_path else relative_path.rsplit("/", 1)[-1]
        with_extension = re.search(r"\.\w{1,8}\]?$", self.text)
        stem = name if with_extension else name.rsplit(".", 1)[0]
        found = self.regex.fullmatch(stem) if len(stem) <= MAX_NAME else None
        if found is None:
            return None
        values = found.groupdict()
        parts = ((name, values[f"p{index}"]) for index, name in enumerate(self.names))
        return {name: clean_text(value) for name, value in parts if value is not None}


def compile_pattern(text: str) -> NamePattern:
    """Turn ``{rpm}_{fault}[_{size}_DE12]`` into something that matches.

    A placeholder that is followed by a separator stops there, so matching takes linear time.

    Raises:
        PatternError: Brackets do not pair, a name is unfit or used twice, or too many parts.
    """
    names = _checked_names(text)
    pieces: list[str] = []
    depth = loose = 0
    items = re.findall(r"\{[^{}]*\}|.", text)
    for position, item in enumerate(items):
        depth += (item == "[") - (item == "]")
        if not 0 <= depth <= MAX_DEPTH:
            break
        piece, is_loose = _piece(item, items[position + 1 :], names)
        pieces.append(piece)
        loose += is_loose
    if depth:
        raise PatternError("A square bracket is open. Write parts that may be missing as [ ].")
    if loose > MAX_LOOSE:
        raise PatternError("Too many parts stand side by side. Put a separator between them.")
    return NamePattern(text, re.compile("".join(pieces)), tuple(names), "/" in text)


def _checked_names(text: str) -> list[str]:
    names: list[str] = PLACEHOLDER.findall(text)
    bad = next((n for n in names if not re.fullmatch(r"[A-Za-z][\w ]{0,39}", n)), None)
    if bad is not None:
        raise PatternError(
            f"“{{{clean_text(bad, 40)}}}” is no name; use letters, digits and blanks in braces."
        )
    if len(set(names)) < len(names):
        raise PatternError("A name stands twice in the pattern. Give each part its own name.")
    if len(names) > MAX_PARTS:
        raise PatternError(f"The pattern has more than {MAX_PARTS} parts. Use * for the rest.")
    rest = PLACEHOLDER.sub("", text)
    if "{" in rest or "}" in rest:
        raise PatternError("A brace is open. Write each part as {name}.")
    return names


def _piece(item: str, following: list[str], names: list[str]) -> tuple[str, bool]:
    if item == "[":
        return "(?:", False
    if item == "]":
        return ")?", False
    if item != "*" and not item.startswith("{"):
        return re.escape(item), False
    body, is_loose = _body(following)
    return (body if item == "*" else f"(?P<p{names.index(item[1:-1])}>{body})"), is_loose


def render(template: str, fields: Mapping[str, str | float]) -> str:
    """Fill a template; parts without a value vanish with the separators around them."""
    text = PLACEHOLDER.sub(lambda m: _text(fields.get(m.group(1), "")), template)
    text = re.sub(r"([-_ /.])[-_ /.]+", r"\1", text)
    return clean_text(text.strip("-_ /."))


def suggest_pattern(names: Sequence[str]) -> str:
    """Guess the pattern of file names; "" when they have no parts in common.

    The commonest number of parts makes the pattern; shorter names make its tail optional.
    """
    some = names[:: max(1, len(names) // MAX_NAMES)]
    stems = [name.rsplit("/", 1)[-1].rsplit(".", 1)[0] for name in some]
    pieces = [re.split(r"([_\-\s.,+])", stem) for stem in stems]
    if len(stems) < 2:
        return ""
    counts = Counter(len(p) for p in pieces)
    width = counts.most_common(1)[0][0]
    full = [p for p in pieces if len(p) == width]
    if width < 3 or len({tuple(p[1::2]) for p in full}) > 1 or counts[width] < 0.5 * len(stems):
        return ""
    columns = list(zip(*full, strict=True))
    short = [p for p in pieces if len(p) < width]
    shortest = min((len(p) for p in short), default=width)
    return _assemble(columns, shortest, short)


def _assemble(columns: list[tuple[str, ...]], shortest: int, short: list[list[str]]) -> str:
    used: set[str] = set()
    text = ""
    class_column = _class_column(columns)
    for position, column in enumerate(columns):
        if position == shortest:
            text += "["
        values = [*column, *(p[position] for p in short if len(p) > position)]
        varies = len(set(values)) > 1
        if position % 2 or not varies:
            text += _literal(values[0])
            continue
        text += _placeholder(values, used, is_class=position == class_column)
    return text + ("]" if shortest < len(columns) else "")


def _class_column(columns: Sequence[tuple[str, ...]]) -> int:
    """Find the part whose values most often are words for a state of health; -1 for none."""
    shares = [sum(bool(FAULT_WORDS.match(v)) for v in set(c)) / len(set(c)) for c in columns]
    best = max(range(len(shares)), key=lambda i: shares[i] if len(set(columns[i])) > 1 else 0.0)
    return best if shares[best] > 0 and len(set(columns[best])) > 1 else -1


def _placeholder(values: Sequence[str], used: set[str], *, is_class: bool) -> str:
    name = CLASS_NAME if is_class else _guess_name(values, used)
    used.add(name)
    positioned = [v for v in values if re.fullmatch(r"[A-Za-z]+?at\d+", v)]
    if name == CLASS_NAME and positioned:
        used.add("position")
        return f"{{{name}}}[at{{position}}]"
    return f"{{{name}}}"


def _guess_name(values: Sequence[str], used: set[str]) -> str:
    distinct = set(values)
    numbers = [int(v) for v in distinct if v.isdecimal()]
    if len(numbers) == len(distinct):
        if min(numbers) >= 100 and len(distinct) <= 20 and "rpm" not in used:
            guess = "rpm"
        elif distinct <= {"7", "07", "007", "14", "014", "21", "021", "28", "028"}:
            guess = "size"
        else:
            guess = "number"
    elif CLASS_NAME not in used and any(FAULT_WORDS.match(value) for value in distinct):
        guess = CLASS_NAME
    elif (
        "class" not in used and CLASS_NAME not in used and len(distinct) <= max(2, len(values) / 2)
    ):
        guess = "class"
    else:
        guess = "part"
    candidate, number = guess, 2
    while candidate in used:
        candidate, number = f"{guess} {number}", number + 1
    return candidate


def _literal(text: str) -> str:
    return re.sub(r"[\[\]{}*]", "*", text)


def _body(following: list[str]) -> tuple[str, bool]:
    stops = _first_literals(following)
    if not stops:
        return r"[^/]+", False
    if all(stop in SEPARATORS + "/" for stop in stops):
        return f"[^/{re.escape(''.join(stops))}]+", False
    return r"[^/]+?", True


def _first_literals(following: list[str]) -> list[str]:
    """Give the characters that may come next; a part or a wildcard counts as a letter."""
    stops: list[str] = []
    depth = 0
    fresh = True
    for item in following:
        if item == "[":
            depth, fresh = depth + 1, True
        elif item == "]":
            depth, fresh = max(0, depth - 1), True
        elif fresh or not depth:
            stops.append("a" if len(item) > 1 or item == "*" else item)
            fresh = False
            if not depth:
                break
    return stops


def _text(value: str | float) -> str:
    return f"{value:g}" if isinstance(value, float | int) else value
