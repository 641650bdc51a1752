"""A real, small model for the demo: a network trained on the digits that ship with scikit-learn."""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev
from time import perf_counter
from typing import TYPE_CHECKING

from regolo_git.errors import MissingDependency

if TYPE_CHECKING:
    import numpy as np

PREDICT = """\
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

np.seterr(all="raise")


def load(path, config):
    weights = load_file(Path(path) / "model.safetensors")

    def predict(inputs):
        images = np.asarray(inputs, dtype=np.float32)
        images = SCALED
        hidden = np.maximum(images @ weights["layers.0.weight"].T + weights["layers.0.bias"], 0)
        scores = hidden @ weights["layers.1.weight"].T + weights["layers.1.bias"]
        return scores.argmax(axis=1).tolist()

    return predict
"""
REPETITIONS = 20  # of a measured time, whose differences are judged by how far the runs are apart


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """Weights by name (float32), and metrics measured on held-out data, as `--metric` takes them."""

    weights: "Mapping[str, np.ndarray]"
    metrics: Mapping[str, str]


def require_libraries() -> None:
    """Raises MissingDependency without the libraries that the demo trains with."""
    try:
        import safetensors.numpy  # noqa: PLC0415 - only the demo needs them
        import sklearn.datasets  # noqa: F401, PLC0415 - the same
    except ImportError as error:
        raise MissingDependency(
            "the demo requires scikit-learn and safetensors", "pip install 'regolo-git[demo]'"
        ) from error
    assert safetensors


def train(hidden: int, epochs: int, *, by_brightest: bool) -> TrainedModel:
    """Trains a network with one hidden layer; the same arguments give the same weights.

    Each image is scaled by its brightest pixel, or all of them by the brightest that there is.
    """
    # Heavy and optional: only the demo needs them.
    from sklearn.datasets import load_digits  # noqa: PLC0415 - as above
    from sklearn.metrics import accuracy_score, f1_score, log_loss  # noqa: PLC0415 - as above
    from sklearn.model_selection import train_test_split  # noqa: PLC0415 - as above
    from sklearn.neural_network import MLPClassifier  # noqa: PLC0415 - as above

    images, labels = load_digits(return_X_y=True)
    images = images.astype("float32")
    images = images / (images.max(axis=1, keepdims=True) if by_brightest else 16)
    seen, unseen, seen_labels, unseen_labels = train_test_split(images, labels, test_size=0.3, random_state=0)
    network = MLPClassifier((hidden,), batch_size=64, random_state=0, early_stopping=False)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "Training interrupted")
        try:
            for _ in range(epochs):
                network.partial_fit(seen, seen_labels, classes=range(10))
        except UserWarning as warning:
            # scikit-learn answers Ctrl+C with a warning, and goes on.
            raise KeyboardInterrupt from warning
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


def save(trained: TrainedModel, directory: Path, *, by_brightest: bool) -> None:
    """Writes the weights as a safetensors file, and beside it the code that answers with them."""
    from safetensors.numpy import save as serialized  # noqa: PLC0415 - as above

    directory.mkdir(exist_ok=True)
    # The library would report a full disk as an error of its own.
    (directory / "model.safetensors").write_bytes(serialized(dict(trained.weights)))
    scaled = "images / images.max(axis=1, keepdims=True)" if by_brightest else "images / 16"
    (directory / "predict.py").write_text(PREDICT.replace("SCALED", scaled))


def requests() -> list[list[float]]:
    """Images as a scanner sends them: digits, and every fifth time an empty box."""
    from sklearn.datasets import load_digits  # noqa: PLC0415 - as above

    images = load_digits().images[:80].reshape(-1, 64).tolist()
    return [*images, *([0.0] * 64 for _ in range(20))]
