"""`checks.of(f)`: call an answer, compare what comes back, and say what is wrong."""

import sys
import types

import numpy as np

from . import calls
from .compare import Tolerance
from .failures import CheckFailed, describe_error
from .gradients import Reference, is_differentiable, parameter_names
from .gradients import cotangent as random_cotangent
from .hints import stop
from .outcome import Outcome
from .plain import plain
from .show import show


def of(f, name=None, in_place=False):
    """A check of the function `f`.

    name: what messages call it, e.g. "Vocab.encode" for a method; the name it has in the test unless given.
    in_place: whether it may change its arguments.
    """
    if name is None:
        name = calls.name_of(f, sys._getframe(1))
    return Check(f, name, in_place)


class Check:
    """The checks of one function; `passed()` ends them."""

    def __init__(self, f, name, in_place=False):
        self.f, self.name, self.in_place = f, name, in_place
        self.count = 0
        self._outcomes = []

    def call(self, *args, **kwargs):
        """Call the function with copies of these arguments; the Outcome keeps its value or its exception."""
        return self._call(args, kwargs)

    def _call(self, args, kwargs, names=None):
        outcome = Outcome(self, args, kwargs, names)
        self._outcomes.append(outcome)
        return outcome

    def holds(self, condition, sentence, *values):
        """Fail with `sentence` unless `condition` is true; each {} in it is filled with one of `values`.

        condition: a boolean, or a function without arguments that computes it: then an exception in it is a
        failure, too (`lambda: abs(sum(value) - 1) < 1e-12`, where value may be anything).
        """
        self.count += 1
        trouble = ""
        if type(condition) is types.FunctionType:
            try:
                condition = condition()
            except Exception as error:
                calls.locate(error)
                condition, trouble = False, f" (Looking at it raised {describe_error(error)}.)"
        condition = plain(condition)
        if type(condition) is np.ndarray and condition.size == 1:
            condition = condition.item()
        if type(condition) in (bool, int) and condition:
            return
        first, *rest = sentence.split("{}")
        shown = [show(value, 60) for value in values] + ["..."] * len(rest)
        message = first + "".join(text + part for text, part in zip(shown, rest, strict=False))
        public = sentence.replace("{}", "...")
        raise CheckFailed(f"`{self.name}`: {stop(message)}{trouble}", f"`{self.name}`: {stop(public)}", None, self.name)

    def gradients(self, reference, *inputs, names=None, seed=0, cotangent=None, mistakes=None, rtol=1e-7, atol=None):
        """Compare the gradients that the function returns with PyTorch's.

        The function is called with the inputs and g, the gradient of the loss with respect to the output: a
        random one unless `cotangent` is given. It returns one gradient for each float input, in order, or one
        array if there is one such input, or a dict by name.

        reference: the forward pass, as a function of float64 tensors.
        names: of the inputs; the parameters of the reference unless given.
        mistakes: sentence -> what the function returns with that mistake; None stands for a gradient that is
        right, and a dict may hold some names only.
        """
        names = list(names or parameter_names(reference, len(inputs)))
        forward = Reference(reference, inputs)
        wanted = [name for name, value in zip(names, inputs, strict=True) if is_differentiable(value)]

        def by_name(g):
            return dict(zip(wanted, forward.gradients(g), strict=True))

        g = random_cotangent(tuple(forward.output.shape), seed) if cotangent is None else cotangent
        outcome = self._call((*inputs, g), {}, [*names, "g"])
        outcome.gradients(by_name(g), lambda: by_name(np.ones(np.shape(g))), Tolerance(rtol, atol), mistakes)

    def passed(self):
        """Say that all is well: the last line of a test.

        A call of which nothing was asked must at least have returned.
        """
        for outcome in self._outcomes:
            if not outcome.asked:
                outcome.value  # noqa: B018
                self.count += 1
        if not self.count:
            raise RuntimeError(f"this test checks nothing of {self.name}")
        print(f"{self.name}: {'its check' if self.count == 1 else f'all {self.count} checks'} passed.")
