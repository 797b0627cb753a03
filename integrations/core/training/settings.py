"""Settings that all neural families share; light, the web builds its expert form from them."""

from __future__ import annotations

from enum import StrEnum

from integrations.core.config import Section, knob


class Schedule(StrEnum):
    """How the learning rate moves during a run."""

    ONECYCLE = "onecycle"
    COSINE = "cosine"
    PLATEAU = "plateau"
    CONSTANT = "constant"


class Monitor(StrEnum):
    """The validation figure that decides which epoch is best."""

    LOSS = "val_loss"
    ACCURACY = "val_accuracy"
    MACRO_F1 = "val_macro_f1"


class Normalisation(StrEnum):
    """What is done to the amplitude before the first layer."""

    WINDOW = "window"
    DATASET = "dataset"
    NONE = "none"


class Precision(StrEnum):
    """Number format of the multiplications while training."""

    AUTO = "auto"
    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"


class InputConfig(Section):
    """What is done to a window before the network sees it."""

    normalisation: Normalisation = knob(
        Normalisation.WINDOW, title="Normalisation",
        help="Window: every window gets mean 0 and deviation 1, so that only its shape counts. "
        "Data set: one scale for all, learnt from the training part, so that level counts too.",
    )  # fmt: skip
    order_tracking: bool = knob(
        False, title="Order tracking",
        help="Resamples every window to equal steps of shaft angle by the recording's rpm, so that "
        "a multiple of the shaft speed looks the same at any speed. Needs an rpm for every "
        "recording.",
    )  # fmt: skip


class TrainingConfig(Section):
    """How the weights are found."""

    epochs: int = knob(
        40, title="Epochs", unit="passes", ge=1, le=2000,
        help="Passes over the training windows. More is better until validation stops improving; "
        "early stopping ends the run then.",
    )  # fmt: skip
    batch_size: int = knob(
        64, title="Batch size", unit="windows", ge=2, le=4096,
        help="Windows per step. Larger is steadier and quicker per window; small data sets use "
        "less by themselves, so that an epoch has at least eight steps.",
    )  # fmt: skip
    learning_rate: float = knob(
        2e-3, title="Learning rate", ge=1e-6, le=1.0, scale="log",
        help="Size of a step (the highest one of a schedule). Lower it when the loss jumps or "
        "becomes NaN, raise it when the loss falls too slowly.",
    )  # fmt: skip
    schedule: Schedule = knob(
        Schedule.ONECYCLE, title="Learning-rate schedule",
        help="One cycle warms up and anneals (Smith 2018) and suits a fixed number of epochs; "
        "cosine only anneals; plateau halves the rate when validation stalls.",
    )  # fmt: skip
    weight_decay: float = knob(
        1e-2, title="Weight decay", ge=0.0, le=1.0, scale="log",
        help="Pull of the weights towards zero (AdamW). Raise it when training is far better than "
        "validation.",
    )  # fmt: skip
    label_smoothing: float = knob(
        0.0, title="Label smoothing", ge=0.0, le=0.4, step=0.05,
        help="Share of certainty taken from the true class; makes probabilities less extreme.",
    )  # fmt: skip
    balance_classes: bool = knob(
        True, title="Balance classes",
        help="Weighs rare classes up in the loss so that every class counts the same.",
    )  # fmt: skip
    gradient_clip: float = knob(
        5.0, title="Gradient limit", ge=0.0, le=1000.0,
        help="Longest allowed gradient of a step; 0 sets no limit. Protects against single wild "
        "batches.",
    )  # fmt: skip
    precision: Precision = knob(
        Precision.AUTO, title="Precision",
        help="Automatic multiplies in bfloat16 where the processor has it and this family gains "
        "from it (about twice as quick); the loss, the weights and all final predictions stay in "
        "float32.",
    )  # fmt: skip
    patience: int = knob(
        15, title="Early-stopping patience", unit="epochs", ge=0, le=500,
        help="Epochs without a better validation figure after which the run ends; 0 never stops.",
    )  # fmt: skip


class AugmentationConfig(Section):
    """Harmless changes to training windows that teach the network what does not matter."""

    shift: bool = knob(
        True, title="Circular shift",
        help="Starts each window at a random sample. Right for steady vibration; turn it off when "
        "the position in the window means something.",
    )  # fmt: skip
    sign_flip: bool = knob(
        True, title="Sign flip",
        help="Inverts half of the windows, as a sensor mounted the other way round would. Turn it "
        "off when up and down differ.",
    )  # fmt: skip
    noise: float = knob(
        0.05, title="Noise", unit="× window deviation", ge=0.0, le=2.0, step=0.01,
        help="White noise added to each window, relative to the window's own deviation.",
    )  # fmt: skip


class PathAugmentationConfig(AugmentationConfig):
    """Changes to training windows, with those that another way to the sensor would make."""

    path_gain: float = knob(
        0.0, title="Transfer path", unit="dB", ge=0.0, le=12.0, step=0.5,
        help="Random gain over frequency (its deviation), new for every window, as another "
        "mounting, load or sensor would give; 3 is usual. Raise it to recognise machines at loads "
        "or places never trained on; 0 where the height of a line against another decides.",
    )  # fmt: skip


class CheckpointConfig(Section):
    """Which states of the network are kept on disk."""

    monitor: Monitor = knob(
        Monitor.LOSS, title="Best epoch by",
        help="Validation figure that decides which epoch's weights are kept, tested and shown. "
        "Loss is the steadiest on small validation parts.",
    )  # fmt: skip
    keep_last: int = knob(
        2, title="Newest checkpoints kept", unit="files", ge=2, le=20,
        help="Resume points kept besides the best epoch. Two are enough to survive a crash while "
        "one is written.",
    )  # fmt: skip
