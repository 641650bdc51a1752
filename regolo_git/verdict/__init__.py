"""What a change of a model means: pure functions of manifests, recipes and the model card, without I/O."""
