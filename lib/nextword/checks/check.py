"""`checks.of(f)`: call an answer, compare what comes back, and say what is wrong."""

import warnings

import numpy as np

from . import calls
from .compare import Tolerance, agree, difference, kind_of
from .diagnose import Hint, dimension_names, explain
from .failures import CheckFailed, class_name, describe_error, not_written
from .gradients import cotangent as random_cotangent
from .gradients import forward, is_differentiable, pull_back
from .plain import Opaque, is_sequence, plain
from .show import array_text, call_text, show

REPLACED = (NotImplementedError,)


def of(f, name=None, in_place=False):
    """A check of the function `f`.

    name: what it is called in messages, e.g. "Vocab.encode" for a method; its own name unless given.
    in_place: True allows it to change its arguments.
    """
    return Check(f, name or calls.name_of(f), in_place)


class Check:
    """The checks of one function; `passed()` ends them."""

    def __init__(self, f, name, in_place):
        self.f, self.name, self.in_place = f, name, in_place
        self.count = 0
        self._open = []  # outcomes that nothing has been asked of yet

    def call(self, *args, **kwargs):
        """Call the function with copies of these arguments; its value or exception is kept in the Outcome."""
        outcome = Outcome(self, args, kwargs, *calls.call(self.f, args, kwargs))
        self._open.append(outcome)
        return outcome

    def holds(self, condition, sentence, *values):
        """Fail with `sentence` unless `condition` is true; each {} in it is filled with one of `values`.

        condition: a boolean, or a function without arguments (an exception in it is a failure, too).
        """
        self.count += 1
        trouble = ""
        if callable(condition) and not isinstance(plain(condition), (bool, int)):
            try:
                condition = condition()
            except Exception as error:
                condition, trouble = False, f" (Looking at it raised {describe_error(error)}.)"
        condition = plain(condition)
        if isinstance(condition, np.ndarray) and condition.size == 1:
            condition = condition.item()
        if type(condition) in (bool, int, float) and condition:
            return
        blanks = sentence.count("{}")
        shown = [show(value, 60) for value in values[:blanks]] + ["..."] * (blanks - len(values))
        full = sentence
        for text in shown:
            full = full.replace("{}", text.replace("{}", "{ }"), 1)
        public = sentence.replace("{}", "...")
        raise CheckFailed(f"`{self.name}`: {_stop(full)}{trouble}", f"`{self.name}`: {_stop(public)}", None, self.name)

    def gradients(self, reference, *inputs, names=None, seed=0, cotangent=None, mistakes=None, rtol=1e-7, atol=None):
        """Compare the gradients that the function returns with PyTorch's.

        The function is called with the inputs and g, the gradient of the loss with respect to the output (random
        unless `cotangent` is given), and returns one gradient for each float input, in order: one array if there is
        one input, else a tuple, list or dict by name.

        reference: the forward pass as a function of float64 torch tensors.
        names: of the inputs, for messages and dicts; the reference's parameters unless given.
        mistakes: sentence -> what the function returns with that mistake, as above; a dict may hold some names only.
        """
        names = list(names or calls.reference_names(reference, len(inputs)))
        wanted = [name for name, x in zip(names, inputs, strict=True) if is_differentiable(x)]
        leaves, output = forward(reference, inputs)
        g = random_cotangent(tuple(output.shape), seed) if cotangent is None else cotangent
        expected = dict(zip(wanted, pull_back(leaves, output, g), strict=True))
        outcome = self.call(*inputs, g)
        outcome.names = [*names, "g"]
        outcome.compare_gradients(expected, Tolerance(rtol, atol), mistakes or {},
                                  lambda: dict(zip(wanted, pull_back(leaves, output, np.ones(np.shape(g))), strict=True)))

    def passed(self):
        """Say that all is well: the last line of a test."""
        for outcome in list(self._open):
            outcome.value  # noqa: B018  (raises what nobody has asked for)
            self.count += 1
        if not self.count:
            raise RuntimeError(f"this test checks nothing of {self.name}")
        print(f"{self.name}: {'its check' if self.count == 1 else f'all {self.count} checks'} passed.")


class Outcome:
    """What one call gave: a value, or the exception that it raised."""

    def __init__(self, check, args, kwargs, value, error, changed):
        self.check, self.args, self.kwargs = check, args, kwargs
        self._value, self.error, self.changed = value, error, changed
        self.names = None

    # What a test asks

    @property
    def value(self):
        """What came back; raises the failure if the call failed or changed its arguments."""
        self._returned()
        self._unchanged()
        return self._value

    def equals(self, expected, mistakes=None, note=None):
        """The value must be exactly this one; lists, tuples and arrays of the same items are equal."""
        self.check.count += 1
        self._compare(expected, None, mistakes or {}, note)

    def close_to(self, expected, mistakes=None, rtol=1e-7, atol=None, note=None):
        """The value must be close to this number, array, tensor, or dict, list or tuple of them."""
        self.check.count += 1
        self._compare(expected, Tolerance(rtol, atol), mistakes or {}, note)

    def raises(self, errors, mentioning=None):
        """The call must raise one of these exceptions, with this text (or all of these) in its message."""
        self.check.count += 1
        self._seen()
        errors = errors if isinstance(errors, tuple) else (errors,)
        wanted = " or ".join(f"`{error.__name__}`" for error in errors)
        if self.error is None:
            self._fail(f"{self.text} returned {show(self._value)}; it should raise {wanted}.",
                       f"`{self.check.name}` returns a value where it should raise {wanted}.")
        if not isinstance(self.error, errors):
            self._written()
            self._fail(f"{self.text} raised {describe_error(self.error)}; it should raise {wanted}.",
                       f"{self._public_error()} It should raise {wanted}.")
        message = str(self.error)
        for text in (mentioning,) if isinstance(mentioning, str) or mentioning is None else mentioning:
            if text is not None and str(text) not in message:
                self._fail(f"{self.text} raises {class_name(self.error)} as it should, but its message "
                           f"{show(message)} does not mention {show(text, 40)}.",
                           f"`{self.check.name}` raises the right exception, but its message does not say enough.")
        self._unchanged()

    # How it is answered

    @property
    def text(self):
        """The call, with its arguments shortened."""
        return call_text(self.check.name, self.args, self.kwargs)

    def _seen(self):
        if self in self.check._open:
            self.check._open.remove(self)

    def _fail(self, message, public, mistake=None):
        raise CheckFailed(message, public, mistake, self.check.name)

    def _public_error(self):
        return f"`{self.check.name}` raised {describe_error(self.error, show_message=False)}."

    def _written(self):
        """An exercise that is not written yet is no wrong answer."""
        if class_name(self.error) == "NotImplementedError":
            raise not_written(calls.unwritten(self.error, self.check.name), self.check.name)

    def _returned(self, expected=None):
        self._seen()
        if self.error is None:
            return
        self._written()
        should = "" if expected is None else f" It should return {show(expected[0])}."
        self._fail(f"{self.text} raised {describe_error(self.error)}.{should}", self._public_error())

    def _unchanged(self):
        if self.check.in_place or not self.changed:
            return
        first = self.changed[0]
        known = self.names or calls.parameter_names(self.check.f, len(self.args))
        which = f"`{first}`" if type(first) is str else (
            f"`{known[first]}`" if known[first].isidentifier() else known[first])
        advice = "Work on a copy: `x = x - 1` makes a new array, `x -= 1` changes the one that was passed in."
        self._fail(f"{self.text} changes {which}, which was passed in: it belongs to the caller. {advice}",
                   f"`{self.check.name}` changes one of its arguments in place. {advice}")

    def _compare(self, expected, tolerance, mistakes, note):
        self._returned((expected,))
        found = difference(self._value, expected, tolerance)
        if found is None:
            self._unchanged()
            return
        mistake = named_mistake(self._value, expected, tolerance, mistakes)
        reason = _mistake_hint(mistake) or explain(found, tolerance, self._sizes(expected))
        message = f"{self.text} {_returned_text(found, self._value, expected)}"
        public = f"`{self.check.name}` returns {found.public}."
        self._fail_with(message, public, mistake, reason, note)

    def _fail_with(self, message, public, mistake, reason, note=None):
        if reason is not None:
            message, public = f"{message} {reason.text}", f"{public} {reason.public}"
        if note:
            message = f"{message} {_stop(note)}"
        self._fail(message, public, mistake)

    def _sizes(self, expected):
        names = self.names or calls.parameter_names(self.check.f, len(self.args))
        return [*dimension_names(names, self.args), *dimension_names(self.kwargs, self.kwargs.values()),
                *dimension_names(["the right result"], [plain(expected)])]

    def compare_gradients(self, expected, tolerance, mistakes, ones):
        """Each gradient of a dict name -> array against what came back."""
        self.check.count += 1
        self._returned()
        returned = self._gradients_by_name(list(expected))
        for name, right in expected.items():
            found = difference(returned[name], right, tolerance)
            if found is None:
                continue
            mistake, reason = self._gradient_mistake(name, returned, expected, tolerance, mistakes, ones)
            reason = reason or explain(found, tolerance, self._sizes(right))
            where = f"{self.text}: the gradient with respect to {name}"
            what = found.text if found.kind != "value" or found.path else f"is wrong: {found.text}"
            self._fail_with(f"{where} {what if what.startswith('is wrong') else 'is wrong: ' + what}.",
                            f"`{self.check.name}` returns a wrong gradient with respect to {name}.", mistake, reason)
        self._unchanged()

    def _gradients_by_name(self, names):
        value = plain(self._value)
        many = f"{len(names)} gradients ({', '.join(names)})" if len(names) > 1 else f"the gradient with respect to {names[0]}"
        if type(value) is dict:
            if set(value) != set(names):
                self._fail(f"{self.text} returned a dict with the keys {show(list(value))}; they should be {names}.",
                           f"`{self.check.name}` returns a dict with wrong keys.")
            return value
        if len(names) == 1 and not (type(value) in (list, tuple) and len(value) == 1):
            return {names[0]: value}
        if not is_sequence(value) or len(value) != len(names):
            count = f" of {len(value)} items" if type(value) in (list, tuple) else ""
            missing = " None is what a function returns without `return`: is the `return` missing?" if value is None else ""
            self._fail(f"{self.text} returned {kind_of(value)}{count} where {many} are expected.{missing}",
                       f"`{self.check.name}` returns something other than its gradients.{missing}")
        return dict(zip(names, value, strict=True))

    def _gradient_mistake(self, name, returned, expected, tolerance, mistakes, ones):
        """The named mistake, else a slip that only gradients have."""
        for sentence, value in mistakes.items():
            value = _computed(value)
            try:
                wrong = _mistaken_gradients(value, list(expected))
            except Exception:
                continue
            if all(agree(wrong[n], expected[n], tolerance) for n in wrong):
                continue
            if all(agree(returned[n], wrong[n], tolerance) for n in wrong):
                return sentence, _mistake_hint(sentence)
        flat = ones()
        if not agree(flat[name], expected[name], tolerance) and agree(returned[name], flat[name], tolerance):
            return None, Hint(*["It does not depend on g, the gradient that comes from above: "
                                "this is the gradient when g is all ones."] * 2)
        for other in expected:
            if other != name and agree(returned[name], expected[other], tolerance):
                return None, Hint(*[f"This is the gradient with respect to {other}: are two gradients swapped?"] * 2)
        return None, None


def _mistaken_gradients(value, names):
    value = plain(value)
    if type(value) is dict:
        return {name: value[name] for name in names if name in value} or {names[0]: Opaque("", "nothing")}
    if len(names) == 1 and not (type(value) in (list, tuple) and len(value) == 1):
        return {names[0]: value}
    return {name: part for name, part in zip(names, value, strict=True) if part is not None}


def named_mistake(value, expected, tolerance, mistakes):
    """The sentence of the first mistake whose value this is; those that give the expected value do not count."""
    for sentence, wrong in mistakes.items():
        wrong = _computed(wrong)
        if wrong is _FAILED or agree(wrong, expected, tolerance):
            continue
        if agree(value, wrong, tolerance):
            return sentence
    return None


_FAILED = Opaque("mistake", "a mistake that could not be computed")


def _computed(wrong):
    if not callable(wrong):
        return wrong
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return wrong()
    except Exception:
        return _FAILED


def _mistake_hint(sentence):
    if sentence is None:
        return None
    text = f"This is what you get when {_stop(sentence)}"
    return Hint(text, text)


def _stop(sentence):
    sentence = sentence.strip()
    return sentence if sentence.endswith((".", "?", "`", ":")) and not sentence.endswith("`") else sentence + "."


def _returned_text(found, actual, expected):
    """Both values where they are short, else the first difference."""
    mine, right = plain(actual), plain(expected)
    if not found.path and found.kind in ("type", "value"):
        if found.text.startswith("yours is "):
            mine, right = found.text.removeprefix("yours is ").rsplit(", it should be ", 1)
            return f"returned {mine}; it should return {right}."
        if found.kind == "type":
            mine_text = "None" if mine is None else kind_of(mine) if isinstance(mine, Opaque) else (
                f"{kind_of(mine)}, {show(mine, 60)},")
            return f"returned {mine_text} where {kind_of(right)} is expected: it should return {show(right, 80)}."
    short = [array_text(v) if type(v) is np.ndarray else show(v, 70) for v in (mine, right)]
    tiny = all(len(text) <= 72 and "..." not in text for text in short)
    if tiny and short[0] != short[1]:
        detail = "" if len(right) < 4 and found.kind == "value" else f" ({found.text})"
        return f"returned {short[0]}; it should return {short[1]}{detail}."
    return f"returned {show(mine, 60)}; that is wrong: {found.text}."
