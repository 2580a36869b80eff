"""Graph -> passes -> kernel calls -> memory plan; pure functions, no files."""

from tinybench.compiler.boundary import from_device, to_device
from tinybench.compiler.compile import PORTABLE, check_graph, compile_graph
from tinybench.compiler.program import DeviceTensor, Problem, Program, Target

__all__ = [
    "PORTABLE",
    "DeviceTensor",
    "Problem",
    "Program",
    "Target",
    "check_graph",
    "compile_graph",
    "from_device",
    "to_device",
]
