"""Which columns or variables of the files of an upload become the channels of the data set."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from integrations.core.data.inspection import ChannelChoice
from integrations.core.data.scan import FileFacts, VariableFacts

MAX_OTHERS = 200


def choose_channels(
    files: Sequence[FileFacts], chosen: Sequence[str], label_column: str
) -> tuple[list[ChannelChoice], list[str]]:
    """Take the chosen channels, else those that all files have; others are offered.

    Returns:
        The channels, chosen ones first, and sentences about a choice nobody made.
    """
    signals = [signals_of(facts, label_column) for facts in files]
    counts: Counter[str] = Counter()
    for variables in signals:
        counts.update(list(dict.fromkeys(v.name for v in variables)))
    names, notes = (list(chosen), []) if chosen else _common(counts, signals)
    shown = [
        ChannelChoice(
            name=n,
            n_files=sum(bool(find_channel(n, variables)) for variables in signals),
            chosen=True,
        )
        for n in names
    ]
    others = [m for m in counts if not any(_fits(m, n) for n in names)][:MAX_OTHERS]
    return shown + [ChannelChoice(name=n, n_files=counts[n], chosen=False) for n in others], notes


def signals_of(facts: FileFacts, label_column: str) -> list[VariableFacts]:
    """Give the variables of a file that can be channels: numbers that are no time and no class."""
    return [
        v
        for v in facts.variables
        if v.kind == "number" and not v.runs and v.name != label_column and v.length > 1
    ]


def find_channel(name: str, variables: Iterable[VariableFacts]) -> VariableFacts | None:
    """Find the variable a channel name, perhaps with stars, stands for in one file."""
    return next((variable for variable in variables if _fits(variable.name, name)), None)


def channel_label(name: str) -> str:
    """Name a channel that was chosen with a star: ``X*_DE_time`` becomes ``X_DE_time``."""
    return re.sub(r"[-_ .]{2,}", "_", name.replace("*", "")).strip("_-. ") or name


def listed(names: Sequence[str], *, quote: bool = True) -> str:
    """Write names one after the other, at most six."""
    shown = [f"“{name}”" if quote else name for name in names[:6]]
    more = f" and {len(names) - 6} more" if len(names) > 6 else ""
    return ", ".join(shown) + more


def _fits(variable: str, name: str) -> bool:
    """Only the star is special: brackets are common in the names of columns."""
    if variable == name or "*" not in name:
        return variable == name
    return re.fullmatch(".*".join(map(re.escape, name.split("*"))), variable) is not None


def _common(
    counts: Counter[str], signals: Sequence[list[VariableFacts]]
) -> tuple[list[str], list[str]]:
    everywhere = [n for n, count in counts.items() if count == len(signals)]
    if everywhere or not counts:
        return everywhere, _say_rest(everywhere, counts)
    globs: Counter[str] = Counter()
    for variables in signals:
        globs.update({re.sub(r"\d+", "*", v.name) for v in variables})
    starred = [n for n, count in globs.items() if count == len(signals) and "*" in n]
    if starred:
        return starred, [f"The channel names differ by number; {listed(starred)} fits all."]
    most = counts.most_common(1)[0][0]
    return [most], [f"No channel is in every file; “{most}” is in most of them."]


def _say_rest(everywhere: Sequence[str], counts: Counter[str]) -> list[str]:
    rest = [n for n in counts if n not in everywhere]
    if not everywhere or not rest:
        return []
    verbs = ["is" if len(names) == 1 else "are" for names in (everywhere, rest)]
    return [
        f"{listed(everywhere)} {verbs[0]} taken because every file has it; "
        f"{listed(rest)} {verbs[1]} only in some."
    ]
