"""What a metric's name says of its direction."""

import pytest

from regolo_git.verdict.directions import guess_direction


@pytest.mark.parametrize(
    "name", ["accuracy", "eval.f1_score", "top-5-Accuracy5", "mAP@50", "R2", "ndcg@10", "recall10"]
)
def test_more_is_better(name: str) -> None:
    assert guess_direction(name) == "higher"


@pytest.mark.parametrize(
    "name", ["loss", "val_loss", "latency_ms", "p95.latency", "RMSE", "error_rate", "loss2"]
)
def test_less_is_better(name: str) -> None:
    assert guess_direction(name) == "lower"


@pytest.mark.parametrize("name", ["", "widgets", "lossless", "epochs", "map2x"])
def test_a_name_that_says_nothing(name: str) -> None:
    assert guess_direction(name) is None


def test_less_is_better_where_a_name_says_both() -> None:
    assert guess_direction("score_error") == "lower"
