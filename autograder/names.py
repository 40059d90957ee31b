"""Says where a name is that an answer lacks: in a test's cell, in a figure's, or in a cell further down.

In a kernel that has been open all day such a name is there; when a notebook is graded, or run from the top, it is not.
"""

import functools
import re

from . import static
from .matching import definitions

MISSING = re.compile(r"NameError: name '(\w+)' is not defined")
OURS = {
    "test": " `{}` is defined in the cell of a test: answers cannot use what tests define.",
    "figure": " `{}` is defined in the cell of a figure, which is not run when graded.",
}
FURTHER_DOWN = " `{}` is defined further down: move it above, for cells are run from the top."


def whereabouts(reason, step, steps, cells):
    """A sentence to add to a reason that names a missing name; "" where there is nothing to say."""
    match = MISSING.search(reason)
    if not match:
        return ""
    later = steps[steps.index(step) + 1 :]
    if any(one.kind == "run" and match[1] in definitions(one.source) for one in later):
        return FURTHER_DOWN.format(match[1])
    found = next((cell.role for cell in cells if cell.role in OURS and match[1] in _names(cell.source)), None)
    return OURS[found].format(match[1]) if found else ""


@functools.lru_cache(maxsize=512)
def _names(source):
    """The names that a cell of ours defines or imports."""
    return {*static.defined_names(source), *static.imported_names(source)}
