"""A real, small model for the demo: a network trained on the digits that ship with scikit-learn."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev
from time import perf_counter
from typing import TYPE_CHECKING

from regolo_git.errors import MissingDependency

if TYPE_CHECKING:
    import numpy as np

REPETITIONS = 20  # of a measured time, whose differences are judged by how far the runs are apart


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """Weights by name (float32), and metrics measured on held-out data, as `--metric` takes them."""

    weights: "Mapping[str, np.ndarray]"
    metrics: Mapping[str, str]


def train(hidden: int, epochs: int) -> TrainedModel:
    """Trains a network with one hidden layer; the same arguments give the same weights.

    Raises MissingDependency without scikit-learn.
    """
    try:
        # Heavy and optional: only the demo needs them.
        from sklearn.datasets import load_digits  # noqa: PLC0415
        from sklearn.metrics import accuracy_score, f1_score, log_loss  # noqa: PLC0415
        from sklearn.model_selection import train_test_split  # noqa: PLC0415
        from sklearn.neural_network import MLPClassifier  # noqa: PLC0415
    except ImportError as error:
        hint = "pip install 'regolo-git[demo]'"
        raise MissingDependency("the demo requires scikit-learn", hint) from error
    images, labels = load_digits(return_X_y=True)
    images = images.astype("float32") / 16
    seen, unseen, seen_labels, unseen_labels = train_test_split(images, labels, test_size=0.3, random_state=0)
    network = MLPClassifier((hidden,), batch_size=64, random_state=0, early_stopping=False)
    for _ in range(epochs):
        network.partial_fit(seen, seen_labels, classes=range(10))
    guessed = network.predict(unseen)
    latencies = [_milliseconds(lambda: network.predict(unseen)) for _ in range(REPETITIONS)]
    spread = stdev(latencies) / REPETITIONS**0.5
    return TrainedModel(
        weights={
            name: array.astype("float32")
            for layer, (weight, bias) in enumerate(zip(network.coefs_, network.intercepts_, strict=True))
            for name, array in ((f"layers.{layer}.weight", weight.T.copy()), (f"layers.{layer}.bias", bias))
        },
        metrics={
            "accuracy": f"{accuracy_score(unseen_labels, guessed):.4f},n={len(unseen)}",
            "f1_score": f"{f1_score(unseen_labels, guessed, average='macro'):.4f}",
            "loss": f"{log_loss(unseen_labels, network.predict_proba(unseen)):.4f}",
            "latency_ms": f"{mean(latencies):.3f},stderr={spread:.4f},runs={REPETITIONS}",
        },
    )


def _milliseconds(call: Callable[[], object]) -> float:
    start = perf_counter()
    call()
    return (perf_counter() - start) * 1000


def save(trained: TrainedModel, path: Path) -> None:
    """Writes the weights as a safetensors file.  Raises MissingDependency without the library."""
    try:
        from safetensors.numpy import save_file  # noqa: PLC0415 - as above
    except ImportError as error:
        raise MissingDependency("the demo requires safetensors", "pip install 'regolo-git[demo]'") from error
    save_file(dict(trained.weights), path)
