"""What one call of an answer gave, and what a test asks of it."""

import numpy as np

from . import calls
from .compare import KINDS, Tolerance, agree, difference, kind_of
from .diagnose import dimension_names, explain
from .failures import CheckFailed, class_name, describe_error, describe_publicly, message_of, not_written
from .hints import hint, mistake_hint, stop
from .mistakes import gradient_slip, named_gradient_mistake, named_mistake
from .plain import Opaque, as_array, is_number, is_sequence, plain
from .show import call_text, show


class Outcome:
    """What one call gave: a value, or the exception that it raised."""

    def __init__(self, check, args, kwargs, names=None):
        self.check, self.args, self.kwargs, self._names = check, args, kwargs, names
        self._value, self._error, self._changed = calls.call(check.f, args, kwargs)
        self.asked = False

    @property
    def value(self):
        """What came back, as plain data where it is; raises the failure if the call failed."""
        self._returned()
        self._unchanged()
        return calls.copied(self._value)

    def returned(self, kind):
        """What came back, as one of dict, list, tuple, set, str, int, float or bool; fails where it is none."""
        self.check.count += 1
        self._returned()
        value = plain(self._value)
        fits = {list: is_sequence, tuple: is_sequence, set: lambda v: type(v) is frozenset}
        fits |= {float: lambda v: type(v) in (bool, int, float), int: lambda v: type(v) in (bool, int)}
        if not fits.get(kind, lambda v: type(v) is kind)(value):
            self._fail(
                f"{self.text} returned {_named(value)}; it should return {KINDS[kind]}.",
                f"`{self.check.name}` returns {kind_of(value, public=True)} where {KINDS[kind]} is expected.",
            )
        self._unchanged()
        return kind(value.tolist() if type(value) is np.ndarray else value)

    def array(self, shape=None):
        """What came back as a float64 array, of this shape if given; fails where it is none."""
        self.check.count += 1
        self._returned()
        value = plain(self._value)
        array = np.asarray(value, dtype=np.float64) if is_number(value) else as_array(value)
        if array is None or array.dtype.kind == "c":
            expected = "numbers" if shape is None else f"an array of shape {tuple(shape)}"
            self._fail(
                f"{self.text} returned {_named(value)}; it should return {expected}.",
                f"`{self.check.name}` returns {kind_of(value, public=True)} where an array is expected.",
            )
        if shape is not None and array.shape != tuple(shape):
            self._fail(
                f"{self.text} returned a result of shape {array.shape}; it should be {tuple(shape)}.",
                f"`{self.check.name}` returns a result of the wrong shape.",
            )
        self._unchanged()
        return array.astype(np.float64)

    def equals(self, expected, mistakes=None, note=None):
        """The value must be exactly this one; lists, tuples and arrays of the same items are equal.

        mistakes: sentence -> the wrong value that this mistake gives, or a function that computes it.
        note: a sentence that a failure adds (not in public), such as what is special about this case.
        """
        self._compare(expected, None, mistakes, note)

    def close_to(self, expected, mistakes=None, rtol=1e-7, atol=None, note=None):
        """The value must be close to this number, array or tensor, or dict, list or tuple of them.

        rtol, atol: see `compare.Tolerance`; mistakes, note: as in `equals`.
        """
        self._compare(expected, Tolerance(rtol, atol), mistakes, note)

    def raises(self, errors, mentioning=()):
        """The call must raise one of these exceptions, with this text (or all of these) in its message."""
        self.check.count += 1
        self.asked = True
        errors = errors if isinstance(errors, tuple) else (errors,)
        wanted = " or ".join(f"`{error.__name__}`" for error in errors)
        if self._error is None:
            self._fail(
                f"{self.text} returned {show(self._value)}; it should raise {wanted}.",
                f"`{self.check.name}` returns a value where it should raise {wanted}.",
            )
        if not isinstance(self._error, errors):
            self._written()
            self._fail(
                f"{self.text} raised {describe_error(self._error)}; it should raise {wanted}.",
                f"{self._public_error} It should raise {wanted}.",
            )
        message = message_of(self._error)
        for text in (mentioning,) if isinstance(mentioning, str) else mentioning or ():
            if str(text) not in message:
                self._fail(
                    f"{self.text} raises {class_name(self._error)}, as it should, but its message "
                    f"{show(message)} does not mention {show(text, 40)}.",
                    f"`{self.check.name}` raises the right exception, but its message says too little.",
                )
        self._unchanged()

    def gradients(self, expected, ones, tolerance, mistakes=None):
        """The value must hold these gradients, a dict by name; ones() gives those for an upstream of ones."""
        self.check.count += 1
        self._returned()
        returned = self._by_name(list(expected))
        found = {name: difference(returned[name], right, tolerance) for name, right in expected.items()}
        wrong = [name for name in expected if found[name] is not None]
        if not wrong:
            self._unchanged()
            return
        name = wrong[0]
        mistake = named_gradient_mistake(returned, expected, tolerance, mistakes)
        reason = (mistake and mistake_hint(mistake)) or gradient_slip(name, returned, expected, tolerance, ones())
        reason = reason or explain(found[name], tolerance, self._sizes(expected[name]))
        right = [name for name in expected if name not in wrong]
        also = f" (The gradient with respect to {' and '.join(right)} is right.)" if right else ""
        self._fail_because(
            f"{self.text} gives a wrong gradient with respect to {name}: {found[name].told}.{also}",
            f"`{self.check.name}` gives a wrong gradient with respect to {name}.",
            mistake,
            reason,
        )

    # --- how failures are told ---

    @property
    def text(self):
        """The call, with its arguments shortened."""
        return call_text(self.check.name, self.args, self.kwargs)

    @property
    def _public_error(self):
        return f"`{self.check.name}` raised {describe_publicly(self._error)}."

    def _fail(self, message, public, mistake=None):
        raise CheckFailed(message, public, mistake, self.check.name)

    def _fail_because(self, message, public, mistake, reason, note=None):
        if reason:
            message, public = f"{message} {reason.text}", f"{public} {reason.public}"
        self._fail(f"{message} {stop(note)}" if note else message, public, mistake)

    def _written(self):
        """An exercise that is not written yet is no wrong answer."""
        if isinstance(self._error, NotImplementedError) or class_name(self._error) == "NotImplementedError":
            raise not_written(calls.unwritten(self._error, self.check.name), self.check.name)

    def _returned(self, should=""):
        """Fail if the call raised."""
        self.asked = True
        if self._error is not None:
            self._written()
            self._fail(f"{self.text} raised {describe_error(self._error)}.{should}", self._public_error)

    def _unchanged(self):
        """Fail if the call changed its arguments in place."""
        if self.check.in_place or not self._changed:
            return
        which = self._argument(self._changed[0])
        advice = "Work on a copy: `x = x - 1` makes a new array, `x -= 1` changes the one that was passed in."
        self._fail(
            f"{self.text} changes {which} in place, though it belongs to the caller. {advice}",
            f"`{self.check.name}` changes one of its arguments in place. {advice}",
        )

    def _argument(self, position):
        """An argument in words, by its position or keyword, which another process may have made up."""
        names = self._names or calls.parameter_names(self.check.f, len(self.args))
        if type(position) is int and 0 <= position < len(names):
            return f"`{names[position]}`" if names[position].isidentifier() else names[position]
        return f"`{position}`" if position in self.kwargs else "an argument"

    def _compare(self, expected, tolerance, mistakes, note):
        self.check.count += 1
        self._returned(f" It should return {show(expected)}.")
        found = difference(self._value, expected, tolerance)
        if found is None:
            self._unchanged()
            return
        _refuse_float32(expected, tolerance)
        mistake = named_mistake(self._value, expected, tolerance, mistakes)
        reason = (
            mistake_hint(mistake)
            if mistake
            else (self._passed_on(expected) or explain(found, tolerance, self._sizes(expected)))
        )
        self._fail_because(
            f"{self.text} returned {in_words(found, plain(self._value), plain(expected))}.",
            f"`{self.check.name}` returns {found.public}.",
            mistake,
            reason,
            note,
        )

    def _passed_on(self, expected):
        """An argument that comes back as it was passed in."""
        if is_number(plain(expected)):
            return None
        for position, value in [*enumerate(self.args), *self.kwargs.items()]:
            if type(value) not in (bool, int, float, type(None)) and agree(self._value, value):
                return hint(f"That is {self._argument(position)}, unchanged.", "That is an argument, unchanged.")
        return None

    def _sizes(self, expected):
        names, right = self._names or calls.parameter_names(self.check.f, len(self.args)), plain(expected)
        return [
            *dimension_names(names, self.args),
            *dimension_names(self.kwargs, self.kwargs.values()),
            *(dimension_names(["the right result"], [right]) if type(right) is np.ndarray else ()),
        ]

    def _by_name(self, names):
        """The returned gradients by name; fails where they are not all there."""
        value = plain(self._value)
        public = f"`{self.check.name}` does not return the gradients that are asked for."
        if type(value) is dict and set(value) == set(names):
            return value
        if type(value) is dict:
            self._fail(
                f"{self.text} returned a dict with the keys {show(list(value))}; they should be {names}.",
                public,
            )
        alone = len(names) == 1 and not (type(value) in (list, tuple) and len(value) == 1)
        if alone and value is not None:
            return {names[0]: value}
        if is_sequence(value) and len(value) == len(names):
            return dict(zip(names, value, strict=True))
        count = f" of {len(value)}" if type(value) in (list, tuple) else ""
        wanted = (
            f"the {len(names)} gradients with respect to {', '.join(names)} are"
            if len(names) > 1
            else (f"the gradient with respect to {names[0]} is")
        )
        advice = " Is the `return` missing?" if value is None else ""
        self._fail(f"{self.text} returned {kind_of(value)}{count} where {wanted} expected.{advice}", public + advice)


def in_words(found, actual, expected):
    """What came back and what should have: both where they are short, else where they first differ."""
    if not found.path and found.kind == "type":
        return f"{_named(actual)}; it should return {_named(expected)}"
    if not found.path and found.pair:
        return "{}; it should return {}".format(*found.pair)
    mine, right = show(actual, 70), show(expected, 70)
    if mine != right and max(len(mine), len(right)) <= 80 and "..." not in mine + right:
        plain_to_see = found.kind in ("value", "length") and (len(expected) <= 3 or found.everywhere)
        return f"{mine}; it should return {right}" + ("" if plain_to_see else f" ({found.told})")
    if type(expected) is np.ndarray and found.kind == "value":
        return f"wrong values: {found.text}"
    if not found.path and found.kind == "shape":
        return f"an array of shape {found.actual.shape}; its shape should be {found.expected.shape}"
    if not found.path and found.kind == "length":
        return f"{show(actual, 60)}: {found.text}"
    return f"{kind_of(actual)} that is wrong {found.told}" if found.path else f"{kind_of(actual)}: {found.text}"


def _named(value):
    """A value with its kind, unless that is plain to see."""
    if value is None or isinstance(value, Opaque) or type(value) is np.ndarray:
        return show(value)
    return f"{kind_of(value)}, {show(value)}"


def _refuse_float32(expected, tolerance):
    """A right answer must not fail because the test's own expected values are imprecise."""
    if tolerance is None or tolerance.rtol >= 1e-6:
        return
    parts = expected.values() if isinstance(expected, dict) else [expected]
    for part in expected if isinstance(expected, (list, tuple)) else parts:
        if str(getattr(part, "dtype", "")).endswith(("float32", "float16")):
            raise TypeError("this test computes what it expects in float32: compute it in float64, or give an rtol")
