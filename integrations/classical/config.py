"""Settings of the classical family; light, the web builds its form from them."""

from __future__ import annotations

from enum import StrEnum
from math import log2, sqrt
from typing import Any

from pydantic import Field

from integrations.core.config import FamilyConfig, Section, Workload, knob
from integrations.core.data.dataset import DatasetInfo
from integrations.core.data.defaults import turns_window
from integrations.core.data.windows import share_of_work, windows_per_recording
from integrations.core.signal.machine import bearing_kind
from integrations.core.signal.orders import score_names
from integrations.core.signal.plan import plan_features


class ModelKind(StrEnum):
    """Which learner sits on the features."""

    RANDOM_FOREST = "random_forest"
    EXTRA_TREES = "extra_trees"
    SVM = "svm"
    LOGISTIC = "logistic"
    GRADIENT_BOOSTING = "gradient_boosting"
    MINIROCKET = "minirocket"


FORESTS = (ModelKind.RANDOM_FOREST, ModelKind.EXTRA_TREES)


class FeatureSet(StrEnum):
    """Which features are computed."""

    STANDARD = "standard"
    PHYSICS = "physics"
    BOTH = "both"


class Scaling(StrEnum):
    """How features of different units are made comparable."""

    STANDARD = "standard"
    ROBUST = "robust"
    NONE = "none"


class FeaturesConfig(Section):
    """Which features the learner sees."""

    set: FeatureSet = knob(
        FeatureSet.STANDARD,
        title="Features",
        help="Standard are about forty numbers of each channel. Physics are the order lines of "
        "the bearing over their surroundings, without amplitude: they hold on machines never "
        "seen, and need speed and bearing data. MiniRocket makes its own features.",
    )
    top_k: int = knob(
        0,
        title="Features kept",
        unit="features",
        ge=0,
        le=1000,
        help="Keeps the features that separate the training classes best (F statistic); 0 keeps "
        "all. Fewer make a simpler model that may generalise better.",
    )
    max_correlation: float = knob(
        1.0,
        title="Correlation limit",
        ge=0.5,
        le=1.0,
        step=0.01,
        help="Of two features that correlate more than this in training, the one that separates "
        "the classes less is dropped; 1 drops none. 0.95 makes an importance easier to read.",
    )
    scaling: Scaling = knob(
        Scaling.STANDARD,
        title="Scaling",
        help="Standard uses mean and deviation of the training part, robust uses median and "
        "quartiles. Support vectors and the linear model need one of them; trees do not care.",
    )


class ModelConfig(Section):
    """The learner and its own settings."""

    kind: ModelKind = knob(
        ModelKind.RANDOM_FOREST,
        title="Model",
        help="Forests are robust; extra trees are the quicker of the two. Support vectors are "
        "strong on few, well-spread windows, gradient boosting on many. The linear model carries "
        "furthest to other machines. MiniRocket needs no features and is strong on shapes.",
    )
    trees: int = knob(
        300,
        title="Trees",
        unit="trees",
        ge=10,
        le=5000,
        show_if={"kind": ["random_forest", "extra_trees"]},
        help="Trees of the forest. More are steadier and slower, never worse.",
    )
    max_depth: int = knob(
        0,
        title="Depth limit",
        unit="levels",
        ge=0,
        le=100,
        show_if={"kind": ["random_forest", "extra_trees"]},
        help="Deepest allowed tree; 0 sets no limit. Lower it against overfitting.",
    )
    min_leaf: int = knob(
        1,
        title="Smallest leaf",
        unit="windows",
        ge=1,
        le=1000,
        show_if={"kind": ["random_forest", "extra_trees", "gradient_boosting"]},
        help="Fewest training windows in a leaf. Raise it against overfitting.",
    )
    penalty: float = knob(
        10.0,
        title="Penalty C",
        ge=1e-3,
        le=1e5,
        scale="log",
        show_if={"kind": ["svm"]},
        help="Price of a training window on the wrong side. Raise it to fit closer, lower it to "
        "generalise.",
    )
    kernel_width: float = knob(
        1.0,
        title="Kernel sharpness",
        unit="× 1/features",
        ge=1e-3,
        le=1e3,
        scale="log",
        show_if={"kind": ["svm"]},
        help="Gamma of the radial kernel relative to one over the number of features. Larger "
        "follows finer detail.",
    )
    linear_penalty: float = knob(
        0.03,
        title="Penalty C of the linear model",
        ge=1e-5,
        le=1e3,
        scale="log",
        show_if={"kind": ["logistic"]},
        help="Price of a training window on the wrong side against large weights. Lower it when "
        "the test comes from other machines or sizes, raise it when it does not.",
    )
    kernels: int = knob(
        10_000,
        title="MiniRocket features",
        unit="features",
        ge=84,
        le=50_000,
        scale="log",
        show_if={"kind": ["minirocket"]},
        help="84 kernels at many dilations and thresholds. 10 000 is the published number; 2 500 "
        "are four times as quick and nearly as good.",
    )
    iterations: int = knob(
        150,
        title="Boosting iterations",
        unit="iterations",
        ge=10,
        le=5000,
        show_if={"kind": ["gradient_boosting"]},
        help="Rounds of boosting; each adds one tree per class.",
    )
    learning_rate: float = knob(
        0.1,
        title="Learning rate",
        ge=1e-3,
        le=1.0,
        scale="log",
        show_if={"kind": ["gradient_boosting"]},
        help="Weight of each round. Halve it and double the iterations for a finer fit.",
    )
    max_leaves: int = knob(
        31,
        title="Leaves per tree",
        unit="leaves",
        ge=2,
        le=255,
        show_if={"kind": ["gradient_boosting"]},
        help="Largest tree of a round. Fewer make a simpler model.",
    )


class TrainingConfig(Section):
    """How the model is checked before the test."""

    folds: int = knob(
        5,
        title="Cross-validation folds",
        unit="folds",
        ge=2,
        le=20,
        help="The training groups are divided into this many folds and each is predicted by a "
        "model of the others: it shows how much the result depends on the groups. Fewer are made "
        "where there are fewer groups.",
    )
    balance_classes: bool = knob(
        True,
        title="Balance classes",
        help="Weighs rare classes up so that every class counts the same.",
    )
    importance_repeats: int = knob(
        5,
        title="Importance repeats",
        unit="shuffles",
        ge=0,
        le=50,
        help="How often each feature is shuffled on the validation part to see what it is worth; "
        "0 leaves the importance out.",
    )


class ClassicalConfig(FamilyConfig):
    """Everything that defines one run on classical features."""

    features: FeaturesConfig = Field(default_factory=FeaturesConfig, title="Features")
    model: ModelConfig = Field(default_factory=ModelConfig, title="Model")
    training: TrainingConfig = Field(default_factory=TrainingConfig, title="Training")

    def suggestions(self, info: DatasetInfo) -> dict[str, dict[str, Any]]:
        """Add the physics where the data tell it, in windows of about twenty turns.

        Both sets, because not every class need be a bearing fault; the preset for other machines
        and sizes takes the physics alone.
        """
        found: dict[str, dict[str, Any]] = {"model": {"kind": ModelKind.EXTRA_TREES}}
        if score_names(info):
            found["features"] = {"set": FeatureSet.BOTH}
            window = turns_window(info) if bearing_kind(info) == "rolling" else None
            found |= {"data": {"window_samples": window}} if window else {}
        return found

    def workload(self, info: DatasetInfo) -> Workload:
        """Count work in units of about one nanosecond of one core of the reference machine."""
        windows = int(windows_per_recording(info, self.data).sum() * share_of_work(self.data))
        n_features = feature_count(self, info)
        used = min(self.features.top_k or n_features, n_features)
        classes = len(info.classes)
        fit = _fit_cost(self.model, windows, used, classes)
        explained = min(windows, EXPLAINED_WINDOWS)
        return Workload(
            work_units=(windows + explained) * info_samples(self, info) * _transform_cost(self)
            + fit * (self.training.folds + 1)
            + _predict_cost(self.model, windows, used, classes)
            * (1 + self.training.importance_repeats * used * IMPORTANCE_WINDOWS / max(windows, 1)),
            steps=self.training.folds,
            parameters=0,
            memory_bytes=250_000_000 + 12 * windows * n_features + _model_bytes(self, windows),
            checkpoint_bytes=_model_bytes(self, windows),
        )


def feature_names(config: ClassicalConfig, info: DatasetInfo) -> tuple[str, ...]:
    """Name the columns of the feature table; () for MiniRocket, whose columns have no names."""
    if config.model.kind is ModelKind.MINIROCKET:
        return ()
    wanted = config.features.set
    scores = () if wanted is FeatureSet.STANDARD else score_names(info)
    if wanted is FeatureSet.PHYSICS:
        return scores
    standard = (feature.name for feature in plan_features(info).features)
    return (*scores, *standard)


def feature_count(config: ClassicalConfig, info: DatasetInfo) -> int:
    """Count the columns of the feature table."""
    if config.model.kind is ModelKind.MINIROCKET:
        return config.model.kernels
    return len(feature_names(config, info))


def info_samples(config: ClassicalConfig, info: DatasetInfo) -> int:
    """Samples of a window over all channels."""
    return len(info.channels) * config.data.window_samples


IMPORTANCE_WINDOWS = 400
EXPLAINED_WINDOWS = 24 * 46
"""Windows computed again to explain: some telling ones, each without one band after the other."""
FEATURE_COST = 45.0
SCORE_COST = 110.0
KERNEL_COST = 0.25
TREE_COST = 90.0
SUPPORT_VECTOR_COST = 1.2
BOOSTING_COST = 25.0
LINEAR_COST = 300.0
RIDGE_COST = 0.1


def _transform_cost(config: ClassicalConfig) -> float:
    if config.model.kind is ModelKind.MINIROCKET:
        return KERNEL_COST * config.model.kernels
    standard, physics = FEATURE_COST, SCORE_COST
    wanted = config.features.set
    return standard * (wanted is not FeatureSet.PHYSICS) + physics * (
        wanted is not FeatureSet.STANDARD
    )


def _fit_cost(model: ModelConfig, windows: int, features: int, classes: int) -> float:
    if model.kind in FORESTS:
        return TREE_COST * model.trees * windows * log2(windows + 2) * sqrt(features)
    if model.kind is ModelKind.SVM:
        return SUPPORT_VECTOR_COST * windows**2 * features
    if model.kind is ModelKind.LOGISTIC:
        return LINEAR_COST * windows * features * classes
    if model.kind is ModelKind.MINIROCKET:
        side = min(windows, features)
        return RIDGE_COST * side * side * (side + features)
    return BOOSTING_COST * model.iterations * classes * windows * features


def _predict_cost(model: ModelConfig, windows: int, features: int, classes: int) -> float:
    if model.kind in FORESTS:
        return TREE_COST * model.trees * windows
    if model.kind is ModelKind.SVM:
        return SUPPORT_VECTOR_COST * windows * min(windows, 2000) * features
    if model.kind is ModelKind.LOGISTIC:
        return windows * features * classes
    if model.kind is ModelKind.MINIROCKET:
        return 0.0  # asked for no importance, and predicted with the transform
    return BOOSTING_COST * model.iterations * classes * windows


def _model_bytes(config: ClassicalConfig, windows: int) -> int:
    model = config.model
    if model.kind in FORESTS:
        return 100 * model.trees * max(10, windows // 10)
    if model.kind is ModelKind.SVM:
        return 400 * windows
    if model.kind is ModelKind.LOGISTIC:
        return 100_000
    if model.kind is ModelKind.MINIROCKET:
        return 60 * model.kernels
    return 60 * model.iterations * model.max_leaves * 10
