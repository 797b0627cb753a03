"""What can be chosen about a simulated data set: the form, the API and the manifest are this."""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from integrations.core.config import Section, knob
from integrations.core.simulator import oil_film

NORMAL = "normal"
MIXED = "mixed"
OIL_WHIRL = "oil whirl"
OIL_WHIP = "oil whip"

JOURNAL_CLASSES = (
    NORMAL,
    "misalignment",
    "imbalance",
    "clearance",
    "lubrication",
    "cavitation",
    "wear",
    OIL_WHIRL,
    OIL_WHIP,
    "looseness",
    MIXED,
)
ROLLING_CLASSES = (NORMAL, "inner race", "outer race", "ball")
CHANNELS = ("X", "Y", "axial", "tacho")
MOST_BYTES = 8 << 30
HEAVIEST_UNSTABLE = 0.62
"""Largest eccentricity at which conditions are drawn while oil whirl or whip is to occur."""


class SimulatedBearing(StrEnum):
    """Which bearing is simulated; it decides the classes and the physics."""

    JOURNAL = "journal"
    ROLLING = "rolling"


class ContentConfig(Section):
    """What is made: bearing, classes and how many signals."""

    kind: SimulatedBearing = knob(
        SimulatedBearing.JOURNAL,
        title="Bearing",
        help="A plain journal bearing with an oil film (eleven classes), or a rolling bearing "
        "with race and ball faults (four classes).",
    )
    classes: list[str] = knob(
        [],
        title="Classes, all when empty",
        help="Those that are made. Leave it empty for all of the bearing's classes.",
    )
    signals_per_class: int = knob(
        130,
        title="Signals per class",
        unit="signals",
        ge=1,
        le=20_000,
        help="The same number for every class. 130 of each of the eleven classes are 1 430.",
    )
    machines: int = knob(
        26,
        title="Machines",
        ge=2,
        le=500,
        help="Machines that differ in size, clearance, critical speed, damping and sensor path. "
        "Each makes every class; a split holds back whole machines. Three are the least for "
        "training, validation and test.",
    )


class RecordingConfig(Section):
    """How each signal is recorded."""

    samples: int = knob(
        4096,
        title="Samples per signal",
        unit="samples",
        ge=256,
        le=1_048_576,
        help="Length of one signal. One second tells whirl at 0.45 of shaft speed from a half "
        "order; shorter signals cannot.",
    )
    sampling_rate_hz: int | None = knob(
        None,
        title="Sampling rate",
        unit="Hz",
        ge=50,
        le=102_400,
        help="Empty takes the usual rate: 4 096 Hz for a journal bearing, 12 800 Hz for a rolling "
        "one.",
    )


class OperationConfig(Section):
    """Speed, load and oil; drawn alike for every class, so that they tell nothing of it."""

    lowest_speed_hz: float = knob(
        30.0, title="Slowest shaft", unit="Hz", ge=5, le=400, help="Revolutions per second."
    )
    highest_speed_hz: float = knob(
        120.0, title="Fastest shaft", unit="Hz", ge=5, le=400, help="Revolutions per second."
    )
    lowest_load_mpa: float = knob(
        0.3,
        title="Lightest unit load",
        unit="MPa",
        ge=0.05,
        le=10,
        help="Load over projected bearing area. Oil whirl needs light loads.",
    )
    highest_load_mpa: float = knob(
        2.0,
        title="Heaviest unit load",
        unit="MPa",
        ge=0.05,
        le=10,
        help="Conditions too heavy for oil whirl or whip are drawn again while one of them is "
        "among the classes.",
    )
    lowest_temperature_c: float = knob(
        40.0, title="Coolest oil", unit="°C", ge=10, le=120, help="Oil temperature in the bearing."
    )
    highest_temperature_c: float = knob(
        70.0, title="Hottest oil", unit="°C", ge=10, le=120, help="Hotter oil is thinner: lower S."
    )
    oil_grades: list[str] = knob(
        list(oil_film.OIL_GRADES),
        title="Oil grades",
        help="ISO viscosity grades that occur: VG 32, VG 46, VG 68.",
    )
    changing_share: float = knob(
        0.25,
        title="Share with changing conditions",
        ge=0,
        le=1,
        step=0.05,
        help="Share of signals with a speed ramp, a load step or warming oil within the record.",
    )
    speed_error_percent: float = knob(
        0.0,
        title="Error of the stated speed",
        unit="%",
        ge=0,
        le=10,
        help="Standard deviation of the field rpm from the true speed. The tacho stays right.",
    )


class SeverityConfig(Section):
    """How strong the faults are."""

    lowest: float = knob(
        0.45,
        title="Weakest fault",
        ge=0.05,
        le=1,
        step=0.05,
        help="0.20–0.45 incipient, 0.45–0.70 mild, 0.70–0.90 moderate, 0.90–1 severe.",
    )
    highest: float = knob(
        1.0,
        title="Strongest fault",
        ge=0.05,
        le=1,
        step=0.05,
        help="Lower both for an early-warning task.",
    )
    growing_share: float = knob(
        0.3,
        title="Share that grows",
        ge=0,
        le=1,
        step=0.05,
        help="Share of faults that grow from half to their full strength within the record.",
    )


class NoiseConfig(Section):
    """What the measuring chain adds."""

    enabled: bool = knob(
        True,
        title="Sensor noise",
        help="White and 1/f noise, mains hum, impulses. Off leaves the vibration, the random "
        "motion of a running machine and the converter's steps.",
    )
    lowest_snr_db: float = knob(
        10.0,
        title="Lowest signal-to-noise ratio",
        unit="dB",
        ge=-30,
        le=60,
        show_if={"enabled": [True]},
        help="Running vibration of the healthy machine over sensor noise.",
    )
    highest_snr_db: float = knob(
        25.0,
        title="Highest signal-to-noise ratio",
        unit="dB",
        ge=-30,
        le=60,
        show_if={"enabled": [True]},
        help="Each signal draws its own ratio between the two.",
    )


class SimulatorConfig(Section):
    """A simulated data set; the same configuration gives the same samples on any machine."""

    content: ContentConfig = Field(default_factory=ContentConfig, title="Content")
    recording: RecordingConfig = Field(default_factory=RecordingConfig, title="Recording")
    operation: OperationConfig = Field(default_factory=OperationConfig, title="Operation")
    severity: SeverityConfig = Field(default_factory=SeverityConfig, title="Severity")
    noise: NoiseConfig = Field(default_factory=NoiseConfig, title="Noise")
    seed: int = knob(
        0,
        title="Seed",
        ge=0,
        le=2_147_483_647,
        help="Fixes machines, conditions and every signal. Another seed gives other machines.",
    )

    @property
    def rolling(self) -> bool:
        """True for a rolling bearing."""
        return self.content.kind is SimulatedBearing.ROLLING

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes that are made, in the order of the signals."""
        known = ROLLING_CLASSES if self.rolling else JOURNAL_CLASSES
        chosen = self.content.classes
        return tuple(name for name in known if name in chosen or not chosen)

    @property
    def rate_hz(self) -> float:
        """Samples per second."""
        return float(self.recording.sampling_rate_hz or (12_800 if self.rolling else 4096))

    @property
    def n_signals(self) -> int:
        """Signals in all."""
        return len(self.classes) * self.content.signals_per_class

    @property
    def size_bytes(self) -> int:
        """Bytes of samples on disk."""
        return self.n_signals * self.recording.samples * len(CHANNELS) * 4

    @property
    def unstable(self) -> bool:
        """True when oil whirl or whip can occur, which heavy conditions would forbid."""
        return bool({OIL_WHIRL, OIL_WHIP, MIXED} & set(self.classes))

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        for field, sentence in (*_unknown(self), *_upside_down(self), *_impossible(self)):
            raise PydanticCustomError(
                "simulation", "{sentence}", {"sentence": sentence, "field": field}
            )
        return self


Complaint = tuple[str, str]
"""A setting by its dotted path, and what is wrong with it."""


def _unknown(config: SimulatorConfig) -> list[Complaint]:
    known = ROLLING_CLASSES if config.rolling else JOURNAL_CLASSES
    strange = [name for name in config.content.classes if name not in known]
    grades = [name for name in config.operation.oil_grades if name not in oil_film.OIL_GRADES]
    found = []
    if strange:
        listed = ", ".join(known)
        sentence = f"“{strange[0][:60]}” is no class of this bearing. Choose among {listed}."
        found.append(("content.classes", sentence))
    elif len(config.classes) < 2:
        found.append(("content.classes", "Learning needs at least two classes. Choose another."))
    if grades or not config.operation.oil_grades:
        sentence = f"Choose oil grades among {', '.join(oil_film.OIL_GRADES)}."
        found.append(("operation.oil_grades", sentence))
    return found


def _upside_down(config: SimulatorConfig) -> list[Complaint]:
    o, s, n = config.operation, config.severity, config.noise
    ranges = (
        ("operation.highest_speed_hz", "speed", o.lowest_speed_hz, o.highest_speed_hz),
        ("operation.highest_load_mpa", "load", o.lowest_load_mpa, o.highest_load_mpa),
        (
            "operation.highest_temperature_c",
            "temperature",
            o.lowest_temperature_c,
            o.highest_temperature_c,
        ),
        ("severity.highest", "severity", s.lowest, s.highest),
        ("noise.highest_snr_db", "signal-to-noise ratio", n.lowest_snr_db, n.highest_snr_db),
    )
    return [
        (field, f"The lowest {name} ({low:g}) is above the highest ({high:g}). Exchange them.")
        for field, name, low, high in ranges
        if low > high
    ]


def _impossible(config: SimulatorConfig) -> list[Complaint]:
    found = []
    if config.size_bytes > MOST_BYTES:
        sentence = (
            f"This would take {config.size_bytes / 2**30:.1f} GiB; {MOST_BYTES >> 30} GiB are the "
            "most. Make fewer or shorter signals."
        )
        found.append(("content.signals_per_class", sentence))
    if 5 * config.operation.highest_speed_hz > config.rate_hz:
        sentence = (
            "The sampling rate must be at least five times the fastest shaft speed. Raise it, or "
            "lower the speed."
        )
        found.append(("recording.sampling_rate_hz", sentence))
    return found
