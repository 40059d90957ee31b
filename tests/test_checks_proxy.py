"""The same checks on a proxy of a function that lives in another process."""

import numpy as np
import pytest
from nextword import checks


class Remote:
    """What a judge puts in place of a student's object: only the call that is agreed on may touch it."""

    __slots__ = ("_kind", "_reply")

    def __init__(self, reply=None, kind="function"):
        object.__setattr__(self, "_reply", reply)
        object.__setattr__(self, "_kind", kind)

    def __call_reporting__(self, args, kwargs):
        return object.__getattribute__(self, "_reply")(*args, **kwargs)

    def __getattr__(self, name):
        if name == "__name__":
            return "roll_die"
        raise AssertionError(f"the check asked the answer for {name}")

    def __call__(self, *args, **kwargs):
        raise AssertionError("the check called the proxy itself")

    __eq__ = __ne__ = __lt__ = __len__ = __iter__ = __getitem__ = __bool__ = __repr__ = __call__
    __hash__ = None


class FromAnswer(Exception):
    kind = where = ""


class AnswerLost(BaseException):
    pass


def raising(base, message, **attributes):
    """A reply that raises, as a proxy does."""
    error = type(base.__name__, (FromAnswer,) if base is Exception else (FromAnswer, base), {})(message)
    for name, value in attributes.items():
        setattr(error, name, value)

    def reply(*args, **kwargs):
        raise error

    return Remote(reply)


def told(assertion, *args, **kwargs):
    with pytest.raises((checks.CheckFailed, NotImplementedError)) as caught:
        assertion(*args, **kwargs)
    return caught.value


def test_a_right_value_passes(capsys):
    check = checks.of(Remote(lambda probs, u: (1, [])))
    check.call([0.2, 0.8], 0.5).equals(1)
    check.call([0.2, 0.8], u=0.5).close_to(1.0)
    assert check.call([0.2, 0.8], 0.5).value == 1
    check.passed()
    assert capsys.readouterr().out == "roll_die: all 2 checks passed.\n"


def test_a_wrong_value_is_told_by_the_name_that_the_test_uses():
    assert "`roll_die([0.5], 0.1)` returned 0; it should return 1." in str(
        told(checks.of(Remote(lambda *args: (0, []))).call([0.5], 0.1).equals, 1)
    )


@pytest.mark.parametrize(
    "changed, words", [([0], "the first argument"), (["x"], "`x`"), ([7], "an argument"), ([-9], "an argument")]
)
def test_a_reported_change_is_a_failure(changed, words):
    outcome = checks.of(Remote(lambda *args, **kwargs: (1, changed))).call([1], x=[2])
    assert f"changes {words} in place" in str(told(outcome.equals, 1))


def test_a_reported_change_may_be_allowed():
    checks.of(Remote(lambda *args: (1, [0])), in_place=True).call([1]).equals(1)


class TestException:
    def test_a_built_in_one_is_what_it_is(self):
        f = raising(KeyError, "never", kind="KeyError", where="line 3: `return counts[context]`")
        checks.of(f).call("a").raises(KeyError, mentioning="never")
        found = told(checks.of(f).call("a").equals, 1)
        assert "raised KeyError: 'never' (line 3: `return counts[context]`). It should return 1." in str(found)
        assert found.public == "`roll_die` raised KeyError (line 3)."

    def test_one_of_its_own_class_is_named_to_the_student_only(self):
        found = told(checks.of(raising(Exception, "no", kind="Odd", where="")).call("a").equals, 1)
        assert "raised Odd: no." in str(found)
        assert found.public == "`roll_die` raised an exception of its own."

    def test_what_it_says_about_itself_is_not_believed_in_public(self):
        f = raising(ValueError, "0.25", kind="Value_0_25", where="line 3: `u = 0.25`")
        assert "25" not in told(checks.of(f).call(0.25).equals, 1).public

    def test_an_unwritten_exercise(self):
        f = raising(NotImplementedError, "", kind="NotImplementedError", where="line 2: `raise NotImplementedError`")
        found = told(checks.of(f).call(1).raises, ValueError)
        assert type(found) is NotImplementedError and "`roll_die` is not written yet" in str(found)

    @pytest.mark.parametrize("error", [AnswerLost("time"), ValueError("a slip of the judge's own")])
    def test_the_judges_own_goes_through(self, error):
        def reply(*args):
            raise error

        with pytest.raises(type(error)):
            checks.of(Remote(reply)).call(1)


@pytest.mark.parametrize(
    "kind, words",
    [
        ("Table", "a `Table` object"),
        ("Answer", "an `Answer` object"),
        ("function", "a function"),
        ("generator", "a generator"),
        ("no name", "an `object` object"),
        ("x" * 500, "an `object` object"),
    ],
)
def test_an_object_of_the_answers_own_is_told_and_never_touched(kind, words):
    thing = Remote(kind=kind)
    for expected in ({"a": 1}, 1, [1], np.ones(3), "a", {1}, None):
        for assertion in ("equals", "close_to"):
            found = told(getattr(checks.of(Remote(lambda *args: (thing, []))).call(1), assertion), expected)
            assert f"returned {words}; it should return " in str(found)
            assert kind not in found.public or kind in ("function", "generator")
    inside = checks.of(Remote(lambda *args: ({"a": [thing]}, []))).call(1)
    assert f"at ['a'][0]: {words} where an integer is expected" in str(told(inside.equals, {"a": [1]}))
    assert told(checks.of(Remote(lambda *args: ([thing, thing], []))).gradients, lambda x, y: x * y, 1.0, 2.0)
    told(checks.of(len).holds, thing, "it holds")


def test_an_object_of_the_answers_own_can_be_looked_at_by_the_test():
    thing = Remote(kind="Vocab")
    assert checks.of(Remote(lambda *args: (thing, []))).call(1).value is thing
