"""How fast what is pruned goes.

That of Zhu and Gupta, "To prune, or not to prune" (https://arxiv.org/abs/1710.01878): the share
that is gone rises along a cubic, fast at first, while the network trains; then it trains on with
that share.
"""

from __future__ import annotations


def cubic(done: int, steps: int) -> float:
    """How much of the final share is gone after so many steps, 0..1."""
    return 1.0 if done >= steps else 1 - (1 - done / steps) ** 3
