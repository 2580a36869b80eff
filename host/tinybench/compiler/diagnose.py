"""What kind of model this is, where it is neither an int8 nor an int16x8 one."""

from __future__ import annotations

from tinybench.model.graph import Graph


def diagnose_precision(graph: Graph) -> str | None:
    """The kind as a word ("float32", "float16", "dynamic-range"); None for the others.

    Activations decide: an int8 model has int8 tensors between its ops, an int16x8 model int16.
    A dynamic-range model has float32 ones beside int8 filters, a float16 model float16 constants.
    """
    activations = {t.dtype for op in graph.ops for i in op.outputs for t in (graph.tensors[i],)}
    constants = {t.dtype for t in graph.tensors if t.data is not None and t.data.size > 1}
    if activations & {"int8", "int16"}:
        return None
    if "float32" not in activations:
        return None
    if "float16" in constants:
        return "float16"
    return "dynamic-range" if "int8" in constants else "float32"
