"""Whether higher or lower is better, guessed from a metric's name if the model card does not say.

As in English the last word is the noun: `val_loss` is a loss and `loss_scale` is not.  What qualifies it may
follow: `f1_macro`, `recall@10`, `latency_ms`.
"""

import re
from collections.abc import Sequence

from regolo_git.records.model_card import Direction

LOWER = {
    "loss", "error", "errors", "latency", "perplexity", "ppl", "nll", "logloss", "wer", "cer", "ter",
    "eer", "mer", "rmse", "mse", "mae", "mape", "smape", "wape", "mase", "msle", "rmsle", "rmspe",
    "crps", "ece", "mce", "brier", "fpr", "fnr", "fid", "gap", "overhead",
}  # fmt: skip
HIGHER = {
    "accuracy", "acc", "f1", "f2", "fbeta", "fscore", "precision", "recall", "sensitivity",
    "specificity", "tpr", "tnr", "auc", "auroc", "aucroc", "rocauc", "auprc", "aupr", "prauc", "ap",
    "map", "gini", "bleu", "sacrebleu", "chrf", "rouge", "rougel", "rougelsum", "meteor", "bertscore",
    "r2", "score", "iou", "miou", "dice", "jaccard", "ndcg", "mrr", "mcc", "kappa", "pearson",
    "spearman", "psnr", "ssim", "throughput", "qps", "rps", "em", "pass", "hit", "hits",
}  # fmt: skip
PHRASES: dict[tuple[str, ...], Direction] = {
    ("exact", "match"): "higher",
    ("explained", "variance"): "higher",
    ("error", "rate"): "lower",
    ("failure", "rate"): "lower",
    ("hit", "rate"): "higher",
    ("win", "rate"): "higher",
    ("success", "rate"): "higher",
    ("false", "positive", "rate"): "lower",
    ("false", "negative", "rate"): "lower",
    ("true", "positive", "rate"): "higher",
    ("true", "negative", "rate"): "higher",
    ("inference", "time"): "lower",
    ("prediction", "time"): "lower",
    ("response", "time"): "lower",
}
DURATIONS = {
    "s", "sec", "secs", "second", "seconds", "ms", "us", "ns", "milliseconds", "microseconds", "minute",
    "minutes",
}  # fmt: skip
QUALIFIERS = DURATIONS | {
    "train", "training", "val", "valid", "validation", "test", "eval", "dev", "holdout", "macro",
    "micro", "weighted", "mean", "avg", "average", "median", "min", "max", "best", "last", "final",
    "epoch", "step", "top", "k", "at", "percent", "pct",
}  # fmt: skip
OPPOSITE: dict[Direction, Direction] = {"higher": "lower", "lower": "higher"}
HUMP = re.compile(r"(?<=[a-z]{2})(?=[A-Z])")  # `valLoss`, but not `mAP`
WORD = re.compile(r"[^\W_]+")
COUNT = re.compile(r"(top|p)?\d+")


def guess_direction(name: str) -> Direction | None:
    """Higher for `val_acc`, lower for `eval/loss`, None for a name without a known noun."""
    words = WORD.findall(HUMP.sub("_", name).lower())
    if "per" in words[1:-1]:
        return _of_a_rate(words)
    noun = list(words)
    while noun and (noun[-1] in QUALIFIERS or COUNT.fullmatch(noun[-1])):
        noun.pop()
    found = _of_the_noun(noun) if noun else _of_qualifiers(words)
    return OPPOSITE[found] if found and words[0] == "neg" else found


def _of_a_rate(words: Sequence[str]) -> Direction | None:
    """More tokens in a second are better, and fewer seconds for a token."""
    at = words.index("per", 1)
    if words[at + 1] in DURATIONS:
        return "higher"
    return "lower" if words[at - 1] in DURATIONS else None


def _of_the_noun(words: Sequence[str]) -> Direction | None:
    for length in (3, 2):
        if found := PHRASES.get(tuple(words[-length:])):
            return found
    for word in (words[-1], words[-1].rstrip("0123456789")):  # `accuracy5` counts as `accuracy`
        if word in LOWER:
            return "lower"
        if word in HIGHER:
            return "higher"
    return None


def _of_qualifiers(words: Sequence[str]) -> Direction | None:
    """`top1` is an accuracy, and `p95_ms` a latency."""
    if any(re.fullmatch(r"top\d+", word) for word in words):
        return "higher"
    percentile = any(re.fullmatch(r"p\d+", word) for word in words)
    return "lower" if percentile and not DURATIONS.isdisjoint(words) else None
