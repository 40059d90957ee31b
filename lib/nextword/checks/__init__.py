"""What test cells call: compare an answer with what it should be, and say why it may differ.

    check = checks.of(roll_die)
    check.call([0.2, 0.5, 0.3], 0.25).equals(1, mistakes={"the comparison is the wrong way round": 0})
    check.passed()

The same lines work on a function in a notebook and on a proxy of one that lives in another process.
"""

from .check import Check, of
from .failures import CheckFailed
from .gradients import cotangent, finite_difference_jacobian, torch_gradients
from .outcome import Outcome

__all__ = [
    "Check",
    "CheckFailed",
    "Outcome",
    "cotangent",
    "finite_difference_jacobian",
    "of",
    "torch_gradients",
]
