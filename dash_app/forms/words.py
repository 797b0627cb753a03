"""Names from code as words on the screen."""

from __future__ import annotations

SPELLED = {
    "val": "validation",
    "f1": "F1",
    "rbf": "RBF",
    "svm": "SVM",
    "fft": "FFT",
    "cpu": "CPU",
    "gpu": "GPU",
    "cuda": "GPU (CUDA)",
    "auc": "AUC",
    "onecycle": "one cycle",
    "relu": "ReLU",
    "gelu": "GELU",
    "adam": "Adam",
    "adamw": "AdamW",
    "sgd": "SGD",
    "minmax": "min–max",
    "zscore": "z-score",
    "hz": "Hz",
}


def in_words(name: str) -> str:
    """Write an identifier in sentence case: "val_macro_f1" → "Validation macro F1"."""
    words = [SPELLED.get(word.lower(), word.lower()) for word in name.split("_") if word]
    text = " ".join(words)
    return text[:1].upper() + text[1:]
