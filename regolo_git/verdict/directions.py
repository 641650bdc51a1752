"""Whether higher or lower is better, guessed from a metric's name if the model card does not say."""

from regolo_git.records.model_card import Direction

LOWER = {
    "loss", "error", "latency", "perplexity", "wer", "cer", "rmse", "mse", "mae", "size", "seconds",
    "ms", "bytes",
}  # fmt: skip
HIGHER = {
    "accuracy", "f1", "precision", "recall", "auc", "bleu", "rouge", "r2", "map", "score", "iou", "ndcg",
    "mrr",
}  # fmt: skip
SEPARATORS = str.maketrans(".-@", "___")


def guess_direction(name: str) -> Direction | None:
    """Higher for `accuracy`, lower for `latency_ms`, None for a name without a known word."""
    words = name.lower().translate(SEPARATORS).split("_")
    words += [word.rstrip("0123456789") for word in words]  # `accuracy5` counts as `accuracy`
    if not LOWER.isdisjoint(words):
        return "lower"
    return None if HIGHER.isdisjoint(words) else "higher"
