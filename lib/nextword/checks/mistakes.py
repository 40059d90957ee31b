"""Named mistakes: wrong values that a test foresees, each with the sentence that names it."""

import warnings

import numpy as np

from .compare import agree
from .hints import hint
from .plain import Opaque

_FAILED = Opaque("a mistake that could not be computed")


def named_mistake(value, expected, tolerance, mistakes):
    """The sentence of the first mistake whose value this is, unless that is the expected value.

    mistakes: sentence -> value, or a function without arguments that computes it.
    """
    for sentence, wrong in (mistakes or {}).items():
        wrong = computed(wrong)
        if agree(value, wrong, tolerance) and not agree(wrong, expected, tolerance):
            return sentence
    return None


def computed(wrong):
    """A mistake's value; one that cannot be computed is no mistake of this case."""
    if not callable(wrong):
        return wrong
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return wrong()
    except Exception:
        return _FAILED


def named_gradient_mistake(returned, expected, tolerance, mistakes):
    """The same for gradients by name.

    mistakes: sentence -> what the function would return: a dict (which may hold some names only), a list or
    tuple of all gradients (None for those that are right), or one array.
    """
    for sentence, wrong in (mistakes or {}).items():
        wrong = _by_name(computed(wrong), list(expected))
        if not wrong or all(agree(wrong[name], expected[name], tolerance) for name in wrong):
            continue
        if all(agree(returned[name], wrong[name], tolerance) for name in wrong):
            return sentence
    return None


def _by_name(wrong, names):
    if wrong is _FAILED:
        return {}
    if isinstance(wrong, dict):
        return {name: wrong[name] for name in names if name in wrong}
    if not isinstance(wrong, (list, tuple)):
        return {names[0]: wrong} if len(names) == 1 else {}
    return {name: part for name, part in zip(names, wrong, strict=False) if part is not None}


def gradient_slip(name, returned, expected, tolerance, ones):
    """A slip that only gradients have, as a Hint.

    ones: the gradients for an upstream gradient of all ones.
    """

    def is_here(wrong):
        return agree(returned[name], wrong, tolerance) and not agree(wrong, expected[name], tolerance)

    if is_here(ones[name]):
        return hint("It does not depend on g, the gradient that comes from above: this is what all ones give.")
    for other, right in expected.items():
        if other != name and is_here(right):
            return hint(f"This is the gradient with respect to {other}: are two gradients swapped?")
    return None
