"""Ops on int16 activations: int16x8 models have int8 weights and int64 biases beside them."""
