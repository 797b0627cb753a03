"""Settings of the classical family; light, the web builds its form from them."""

from __future__ import annotations

from enum import StrEnum
from math import log2, sqrt

from pydantic import Field

from integrations.core.config import FamilyConfig, Section, Workload, knob
from integrations.core.data.dataset import DatasetInfo
from integrations.core.data.windows import windows_per_recording
from integrations.core.signal.plan import plan_features


class ModelKind(StrEnum):
    """Which learner sits on the features."""

    RANDOM_FOREST = "random_forest"
    SVM = "svm"
    GRADIENT_BOOSTING = "gradient_boosting"


class Scaling(StrEnum):
    """How features of different units are made comparable."""

    STANDARD = "standard"
    ROBUST = "robust"
    NONE = "none"


class FeaturesConfig(Section):
    """Which features the learner sees."""

    top_k: int = knob(
        0,
        title="Features kept",
        unit="features",
        ge=0,
        le=1000,
        help="Keeps the features that separate the training classes best (F statistic); 0 keeps "
        "all. Fewer make a simpler model that may generalise better.",
    )
    scaling: Scaling = knob(
        Scaling.STANDARD,
        title="Scaling",
        help="Standard uses mean and deviation of the training part, robust uses median and "
        "quartiles. Support vectors need one of them; trees do not care.",
    )


class ModelConfig(Section):
    """The learner and its own settings."""

    kind: ModelKind = knob(
        ModelKind.RANDOM_FOREST,
        title="Model",
        help="A random forest is robust and quick. Support vectors are strong on few, well-spread "
        "windows. Gradient boosting is often the most accurate on many.",
    )
    trees: int = knob(
        300,
        title="Trees",
        unit="trees",
        ge=10,
        le=5000,
        show_if={"kind": ["random_forest"]},
        help="Trees of the forest. More are steadier and slower, never worse.",
    )
    max_depth: int = knob(
        0,
        title="Depth limit",
        unit="levels",
        ge=0,
        le=100,
        show_if={"kind": ["random_forest"]},
        help="Deepest allowed tree; 0 sets no limit. Lower it against overfitting.",
    )
    min_leaf: int = knob(
        1,
        title="Smallest leaf",
        unit="windows",
        ge=1,
        le=1000,
        show_if={"kind": ["random_forest", "gradient_boosting"]},
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

    def workload(self, info: DatasetInfo) -> Workload:
        """Count work in units of about one nanosecond of one core of the reference machine."""
        windows = int(windows_per_recording(info, self.data).sum())
        n_features = len(plan_features(info).features)
        used = min(self.features.top_k or n_features, n_features)
        classes = len(info.classes)
        fit = _fit_cost(self.model, windows, used, classes)
        return Workload(
            work_units=windows * len(info.channels) * self.data.window_samples * FEATURE_COST
            + fit * (self.training.folds + 1)
            + _predict_cost(self.model, windows, used, classes)
            * (1 + self.training.importance_repeats * used * IMPORTANCE_WINDOWS / max(windows, 1)),
            steps=self.training.folds,
            parameters=0,
            memory_bytes=250_000_000 + 12 * windows * n_features + _model_bytes(self, windows),
            checkpoint_bytes=_model_bytes(self, windows),
        )


IMPORTANCE_WINDOWS = 400
FEATURE_COST = 45.0
TREE_COST = 90.0
SUPPORT_VECTOR_COST = 1.2
BOOSTING_COST = 25.0


def _fit_cost(model: ModelConfig, windows: int, features: int, classes: int) -> float:
    if model.kind is ModelKind.RANDOM_FOREST:
        return TREE_COST * model.trees * windows * log2(windows + 2) * sqrt(features)
    if model.kind is ModelKind.SVM:
        return SUPPORT_VECTOR_COST * windows**2 * features
    return BOOSTING_COST * model.iterations * classes * windows * features


def _predict_cost(model: ModelConfig, windows: int, features: int, classes: int) -> float:
    if model.kind is ModelKind.RANDOM_FOREST:
        return TREE_COST * model.trees * windows
    if model.kind is ModelKind.SVM:
        return SUPPORT_VECTOR_COST * windows * min(windows, 2000) * features
    return BOOSTING_COST * model.iterations * classes * windows


def _model_bytes(config: ClassicalConfig, windows: int) -> int:
    model = config.model
    if model.kind is ModelKind.RANDOM_FOREST:
        return 100 * model.trees * max(10, windows // 10)
    if model.kind is ModelKind.SVM:
        return 400 * windows
    return 60 * model.iterations * model.max_leaves * 10
