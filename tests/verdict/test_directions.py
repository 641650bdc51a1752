"""What a metric's name says of its direction."""

import pytest

from regolo_git.verdict.directions import guess_direction

HIGHER = """accuracy eval.f1_score top-5-Accuracy5 mAP@50 R2 ndcg@10 recall10 acc val_acc val_f1 auroc roc_auc
    top1 val/top5 pass@1 exact_match throughput tokens_per_second tokens_per_seconds f1_macro evalAccuracy
    neg_mean_squared_error true_positive_rate precision@k rouge1 accuracy/test"""
LOWER = """loss val_loss latency_ms p95.latency RMSE error_rate loss2 eval/loss ece mape log_loss valLoss
    false_negative_rate p95_ms ms_per_token fairness_gap mean_absolute_percentage_error score_error loss/train"""
UNKNOWN = """widgets lossless epochs map2x batch_size hidden_size test_size loss_scale loss_weight learning_rate
    seconds size_bytes accuracy_std score_threshold top per per_second max_seconds true_rate __ 12 neg"""


@pytest.mark.parametrize("name", HIGHER.split())
def test_more_is_better(name: str) -> None:
    assert guess_direction(name) == "higher"


@pytest.mark.parametrize("name", LOWER.split())
def test_less_is_better(name: str) -> None:
    assert guess_direction(name) == "lower"


@pytest.mark.parametrize("name", ["", " ", *UNKNOWN.split()])
def test_a_name_that_says_nothing(name: str) -> None:
    assert guess_direction(name) is None
