"""Which way a metric gets better, guessed from its name where the model card does not say."""

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
    """What a metric's own name says: more accuracy is better, less latency is; None where it says nothing."""
    words = name.lower().translate(SEPARATORS).split("_")
    words += [word.rstrip("0123456789") for word in words]  # as in `accuracy5`
    if not LOWER.isdisjoint(words):
        return "lower"
    return None if HIGHER.isdisjoint(words) else "higher"
