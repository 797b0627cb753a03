"""Real data sets that come inside an installed package, ready at the first start.

sktime's wheel carries files of the UCR/UEA archive as plain text; it is found but never imported,
which would take seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from integrations.core.data.dataset import (
    DatasetError,
    DatasetInfo,
    DatasetWriter,
    Recording,
    read_info,
)
from integrations.core.data.ts_file import Series, read_ts

ARCHIVE = "UCR/UEA time series classification archive"
ARCHIVE_LICENCE = "Free for research with citation, see timeseriesclassification.com"
NO_GROUPS = "Who or what each series came from is not published; every series is its own group."


@dataclass(frozen=True)
class BuiltinSet:
    """A data set that needs no upload.

    Attributes:
        key: Short name for the command line and the database.
        folder: Name of its folder in the package.
        sampling_rate_hz: Only where the source states it.
        classes: Label in the file → class name, where the source says what it means.
        note: What a user should know before believing a result.
    """

    key: str
    name: str
    summary: str
    source: str
    citation: str
    folder: str
    channels: tuple[str, ...]
    licence: str = ARCHIVE_LICENCE
    unit: str = ""
    sampling_rate_hz: float | None = None
    classes: dict[str, str] = field(default_factory=dict)
    note: str = NO_GROUPS


_MOTION = tuple(f"{kind} {axis}" for kind in ("accelerometer", "gyroscope") for axis in "xyz")
_NUMBERED = {str(number): f"class {number}" for number in range(20)}

_SETS = (
    BuiltinSet(
        key="basic_motions",
        name="Basic motions (smart watch)",
        summary="Four students stand, walk, run and play badminton; six channels, ten seconds.",
        source=ARCHIVE,
        citation="BasicMotions, UEA archive; Bagnall et al., arXiv 1811.00075",
        folder="BasicMotions",
        channels=_MOTION,
        sampling_rate_hz=10.0,
        note="Four students took part; which series is whose is not published, so every series is "
        "its own group and the results hold for these four.",
    ),
    BuiltinSet(
        key="gun_point",
        name="Gun or point (hand motion)",
        summary="The hand of two actors on video: drawing a replica gun, or only pointing.",
        source=ARCHIVE,
        citation="Ratanamahatana and Keogh, SDM 2005",
        folder="GunPoint",
        channels=("hand position x",),
        sampling_rate_hz=30.0,
        classes={"1": "gun", "2": "point"},
        note="Two actors took part; which series is whose is not published, so every series is its "
        "own group and the results hold for these two.",
    ),
    BuiltinSet(
        key="acsf1",
        name="Appliance signatures (ACS-F1)",
        summary="Power consumption of appliances of ten kinds, from coffee machines to printers.",
        source=ARCHIVE,
        citation="Gisler et al., WoSSPA 2013; Schäfer and Leser, CIKM 2017",
        folder="ACSF1",
        channels=("power (normalised)",),
        classes=_NUMBERED,
        note=NO_GROUPS + " Which number is which appliance is not published either.",
    ),
    BuiltinSet(
        key="plaid",
        name="Plug loads (PLAID)",
        summary="Current of eleven kinds of appliance when they are switched on, in 56 homes.",
        source=ARCHIVE,
        citation="Gao et al., BuildSys 2014; Schäfer and Leser, CIKM 2017",
        folder="PLAID",
        channels=("current",),
        classes=_NUMBERED
        | {
            "0": "air conditioner",
            "1": "compact fluorescent lamp",
            "2": "fan",
            "3": "fridge",
            "4": "hairdryer",
            "5": "heater",
            "6": "incandescent bulb",
            "7": "laptop",
            "8": "microwave",
            "9": "vacuum",
            "10": "washing machine",
        },
        note="Recorded at 30 kHz; the series here are shortened, and their rate is not published. "
        + NO_GROUPS,
    ),
    BuiltinSet(
        key="italy_power_demand",
        name="Power demand of Italy",
        summary="Days of hourly electricity demand: cold half of the year or warm half.",
        source=ARCHIVE,
        citation="Keogh et al., Intelligent Icons, ICDM 2006",
        folder="ItalyPowerDemand",
        channels=("demand (normalised)",),
        sampling_rate_hz=1 / 3600,
        classes={"1": "October to March", "2": "April to September"},
        note="Days are taken one by one; neighbouring days may lie on both sides of a split.",
    ),
    BuiltinSet(
        key="japanese_vowels",
        name="Japanese vowels (speakers)",
        summary="Nine speakers say two vowels; twelve coefficients per frame, 7 to 29 frames.",
        source="UCI machine learning repository, via the " + ARCHIVE,
        citation="Kudo, Toyama and Shimbo, Pattern Recognition Letters 20, 1999",
        folder="JapaneseVowels",
        channels=tuple(f"cepstrum {number}" for number in range(1, 13)),
        classes={str(number): f"speaker {number}" for number in range(1, 10)},
    ),
    BuiltinSet(
        key="osu_leaf",
        name="Leaf outlines (OSU)",
        summary="Outlines of leaves of six tree species, walked round once.",
        source=ARCHIVE,
        citation="Grandhi, MSc thesis, Oregon State University",
        folder="OSULeaf",
        channels=("distance (normalised)",),
        classes=_NUMBERED,
        note=NO_GROUPS + " Which number is which species is not published either.",
    ),
    BuiltinSet(
        key="arrow_head",
        name="Arrowhead outlines",
        summary="Outlines of projectile points of three types.",
        source=ARCHIVE,
        citation="Ye and Keogh, KDD 2009",
        folder="ArrowHead",
        channels=("distance (normalised)",),
        classes={"0": "Avonlea", "1": "Clovis", "2": "Mix"},
    ),
)


def builtin_sets() -> list[BuiltinSet]:
    """List the data sets that this installation carries."""
    folder = _folder()
    return [s for s in _SETS if folder and (folder / s.folder / f"{s.folder}_TRAIN.ts").is_file()]


def make(key: str, folder: Path) -> DatasetInfo:
    """Write a built-in data set into ``folder``.

    Raises:
        DatasetError: There is no such set, or its files are damaged.
    """
    found = next((s for s in builtin_sets() if s.key == key), None)
    if found is None:
        known = ", ".join(s.key for s in builtin_sets()) or "none"
        raise DatasetError(f"“{key}” is no built-in data set. There are: {known}.")
    properties = {
        "summary": found.summary,
        "source": found.source,
        "licence": found.licence,
        "citation": found.citation,
        "note": found.note,
        "builtin": found.key,
    }
    with DatasetWriter(
        folder, name=found.name, channels=found.channels, unit=found.unit, properties=properties
    ) as writer:
        for recording, series in _recordings(found):
            writer.add(series.values, recording)
    return read_info(folder)


def _recordings(found: BuiltinSet) -> Iterator[tuple[Recording, Series]]:
    for part in ("train", "test"):
        for number, series in enumerate(read_ts(_file(found, part)), 1):
            name = f"{part} {number}"
            recording = Recording(
                name=name,
                label=found.classes.get(series.label, series.label.lower()),
                group=name,
                n_samples=series.values.shape[1],
                sampling_rate_hz=found.sampling_rate_hz,
                published_split=part,
            )
            yield recording, series


def _file(found: BuiltinSet, part: str) -> Path:
    folder = _folder()
    if folder is None:
        raise DatasetError("The package that carries this data set is missing. Run make run.")
    return folder / found.folder / f"{found.folder}_{part.upper()}.ts"


def _folder() -> Path | None:
    spec = find_spec("sktime")
    places = list(spec.submodule_search_locations or ()) if spec else []
    return Path(places[0]) / "datasets" / "data" if places else None
