"""What a user should know about a split before starting; light, the wizard asks at every change."""

from __future__ import annotations

from collections import Counter

from integrations.core.config import DataConfig
from integrations.core.contract import Problem, Severity
from integrations.core.data.dataset import DatasetInfo
from integrations.core.data.splits import SplitError, preview_split
from integrations.core.data.windows import windows_per_recording
from integrations.core.evaluation.evaluation import SplitSummary

UNBALANCED = 5.0
TINY_CLASS_WINDOWS = 20
FEW_TEST_GROUPS = 5
MOST_CLASSES = 1000


def split_problems(info: DatasetInfo, config: DataConfig) -> list[Problem]:
    """Say what is impossible or doubtful about dividing a data set this way.

    Returns:
        Errors forbid the start; warnings name a setting of ``data`` where there is one.
    """
    try:
        summary = preview_split(info, config)
    except SplitError as error:
        return [Problem(Severity.ERROR, str(error), _field_of(info, config))]
    return [
        *_leaks(summary),
        *_imbalance(info, config),
        *_small_test(summary),
        *(Problem(Severity.WARNING, note, "data.split") for note in summary.notes),
    ]


def _field_of(info: DatasetInfo, config: DataConfig) -> str:
    shortest = min((r.n_samples for r in info.recordings), default=0)
    return "data.window_samples" if shortest < config.window_samples else "data.split"


def _leaks(summary: SplitSummary) -> list[Problem]:
    if not summary.leaky:
        return []
    text = (
        f"Leaky split ({summary.name}): parts of the same group are trained on and tested. The "
        "result will look better than it is on new groups and wears a badge."
    )
    return [Problem(Severity.WARNING, text, "data.split")]


def _imbalance(info: DatasetInfo, config: DataConfig) -> list[Problem]:
    counts: Counter[str] = Counter()
    for recording, n in zip(info.recordings, windows_per_recording(info, config), strict=True):
        counts[recording.label] += int(n)
    (largest, most), (smallest, least) = counts.most_common(1)[0], counts.most_common()[-1]
    problems = []
    if most > UNBALANCED * least:
        text = (
            f"“{largest}” has {most / least:.0f} times as many windows as “{smallest}”. Keep "
            "“balance classes” on, and judge by macro F1 rather than accuracy."
        )
        problems.append(Problem(Severity.WARNING, text, "training.balance_classes"))
    tiny = [f"“{name}” ({n})" for name, n in counts.items() if n < TINY_CLASS_WINDOWS]
    if tiny:
        more = f" and {len(tiny) - 5} more" if len(tiny) > 5 else ""
        text = (
            f"Few windows of {', '.join(tiny[:5])}{more}. More overlap, shorter windows or more "
            "recordings give the model more to learn from."
        )
        problems.append(Problem(Severity.WARNING, text, "data.overlap"))
    if len(counts) > MOST_CLASSES:
        text = f"{len(counts)} classes: is the label perhaps a file name or a number?"
        problems.append(Problem(Severity.WARNING, text))
    return problems


def _small_test(summary: SplitSummary) -> list[Problem]:
    if summary.test_groups >= FEW_TEST_GROUPS:
        return []
    text = (
        f"Only {summary.test_groups} groups are tested, so the intervals cannot show how groups "
        "differ from one another."
    )
    return [Problem(Severity.WARNING, text, "data.split")]
