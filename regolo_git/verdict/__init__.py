"""Judging the change from one version to another: pure functions of metrics, recipes and the model card."""
