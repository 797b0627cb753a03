"""How the figures came about, in sentences written from the configuration, with references.

``[@key]`` cites an entry of ``templates/reports/references.yaml``.
"""

from __future__ import annotations

from collections.abc import Iterable

from integrations.core.evaluation.evaluation import SplitSummary
from tasks.pdf.content import ReportContent, Setting
from tasks.pdf.numbers import count, counted, duration, percent, setting_value
from tasks.pdf.references import works_of


def methods(content: ReportContent) -> list[tuple[str, str]]:
    """Describe how the figures came about: (heading, paragraph)."""
    parts = [
        ("Data and split", f"{_windows(content)} {_division(content.evaluation.split)}"),
        ("Model", _model(content)),
        ("Training", _training(content)),
        ("Evaluation", _evaluation(content)),
        ("Curves and probabilities", _curves(content)),
        ("Single decisions", _explanations(content)),
        ("Comparison", _comparison(content)),
    ]
    return [(heading, text) for heading, text in parts if text]


def _windows(content: ReportContent) -> str:
    data = content.result.config.get("data", {})
    samples, overlap = data.get("window_samples"), data.get("overlap")
    if not samples:
        return ""
    rates = {r.sampling_rate_hz for r in content.result.info.recordings}
    rate = next(iter(rates)) if len(rates) == 1 else None
    length = f" ({duration(samples / rate)})" if rate else ""
    if all(r.n_samples == samples for r in content.result.info.recordings):
        return f"Each recording is one window of {count(samples)} samples{length}."
    shared = f"; neighbours share {percent(overlap)}" if overlap else " without overlap"
    return f"Each recording is cut into windows of {count(samples)} samples{length}{shared}."


def _division(split: SplitSummary) -> str:
    kind = (
        "It is leaky: pieces of one group stand on both sides, which makes every figure better "
        "than it would be on new recordings [@kaufman2012] [@hendriks2022]."
        if split.leaky
        else "No group stands on two sides, because windows of one source resemble one another "
        "and would let the model recognise the source instead of the class [@kaufman2012] "
        "[@hendriks2022]."
    )
    return (
        f"The split ({split.name}) gives {counted(split.train_windows, 'window')} of "
        f"{counted(split.train_groups, 'group')} to training, {count(split.validation_windows)} of "
        f"{counted(split.validation_groups, 'group')} to validation and "
        f"{count(split.test_windows)} of {counted(split.test_groups, 'group')} "
        f"({counted(split.test_recordings, 'recording')}) to the test. {kind}"
    )


def _model(content: ReportContent) -> str:
    used = _other_sections(content.settings)
    text = f"{content.family_title}{works_of(content)}: {content.family_summary}"
    if content.n_parameters:
        text += f" It has {counted(content.n_parameters, 'trainable parameter')}."
    for section in dict.fromkeys(s.section for s in used):
        text += f" {section} – {_listed(s for s in used if s.section == section)}."
    return text


def _training(content: ReportContent) -> str:
    training = [s for s in content.settings if s.path.startswith("training.") and s.active]
    steps = len(content.result.history)
    listed = _listed(training)
    text = f"{listed[:1].upper()}{listed[1:]}." if listed else ""
    if any(setting.path == "training.weight_decay" for setting in training):
        text += " The optimiser is AdamW [@loshchilov2019]."
    if steps:
        text += f" The run took {counted(steps, content.step_name.lower())}"
        text += f" and {duration(content.seconds)}." if content.seconds else "."
    if content.best_epoch and content.step_name == "Epoch":
        text += (
            f" The weights of epoch {content.best_epoch}, best on the validation part, were kept."
        )
    seed, split_seed = content.result.config.get("seed"), content.result.config.get("data", {})
    text += f" Seed {seed} fixes everything random in the training, split seed "
    text += f"{split_seed.get('seed', '–')} the division of the groups."
    return text.strip()


def _other_sections(settings: Iterable[Setting]) -> list[Setting]:
    left_out = ("data.", "training.", "checkpoints.")
    return [s for s in settings if s.active and "." in s.path and not s.path.startswith(left_out)]


def _listed(settings: Iterable[Setting]) -> str:
    return "; ".join(f"{_lower(s.title)}: {_value(s)}" for s in settings)


def _value(setting: Setting) -> str:
    unit = "" if setting.unit in setting.title.lower() else setting.unit
    return setting_value(setting.value, unit)


def _lower(title: str) -> str:
    return title if title[1:2].isupper() else title[:1].lower() + title[1:]


def _evaluation(content: ReportContent) -> str:
    drawn = (
        " Whole units are drawn, not windows, since windows of one unit are no independent "
        "evidence [@efron1993] [@field2007]."
        if "windows" not in content.evaluation.interval_method
        else " [@efron1993]"
    )
    return (
        "The test part was looked at once, with the finished model; nothing was chosen on it. "
        "Accuracy is the share of windows named rightly; macro figures average over the classes, "
        "each counting the same. A recording is named by the mean of its windows' probabilities. "
        f"Intervals of the window figures: {content.evaluation.interval_method}.{drawn} The "
        "interval of the recording accuracy is Wilson's [@wilson1927]."
    )


def _curves(content: ReportContent) -> str:
    text = ""
    if "roc" in content.common:
        text = (
            "Each class is set against all others at every threshold: ROC curves [@fawcett2006] "
            "and, because they do not flatter rare classes, precision-recall curves [@saito2015]."
        )
    if content.measures is not None and content.measures.reliability is not None:
        text += (
            " Calibration compares the stated probability of the named class with how often it "
            "is right [@guo2017]; the Brier score is the mean squared error of all class "
            "probabilities [@brier1950]."
        )
    return text.strip()


def _explanations(content: ReportContent) -> str:
    text = ""
    if content.windows:
        text = (
            "What a decision rests on was measured by occlusion: bands of the spectrum are taken "
            "out and the fall of the probability is noted [@zeiler2014]"
        )
        cam = any("Grad-CAM" in chart.help for window in content.windows for chart in window.charts)
        text += "; networks also say where they looked (Grad-CAM [@selvaraju2017])." if cam else "."
    if _has_fault_lines(content):
        text += (
            " Fault lines in envelope spectra follow from the bearing's geometry and the shaft "
            "speed [@randall2011]."
        )
    return text.strip()


def _has_fault_lines(content: ReportContent) -> bool:
    shown = [chart for failure in content.gallery.failures for chart in failure.charts]
    shown += [chart for window in content.windows for chart in window.charts]
    return any("envelope" in chart.key and getattr(chart, "markers", ()) for chart in shown)


def _comparison(content: ReportContent) -> str:
    if not any(rival.judgement.pairs for rival in content.rivals):
        return ""
    return (
        "Two runs are compared on the test recordings they share: an exact paired test with mid-p "
        "[@fagerland2013] over independent units, an interval of the paired difference "
        "[@agresti2005], and equivalence within a margin by two one-sided tests [@schuirmann1987]."
    )
