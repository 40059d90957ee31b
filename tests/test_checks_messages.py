"""What a student reads when a check fails, and what stays hidden of a hidden test."""

import subprocess
import sys
import traceback

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from nextword import checks


def failure(assertion, *args, **kwargs):
    """The exception with which an assertion fails."""
    with pytest.raises((checks.CheckFailed, NotImplementedError)) as caught:
        assertion(*args, **kwargs)
    return caught.value


def returning(value):
    def answer(*args, **kwargs):
        return value

    return checks.of(answer)


def roll_die(probs, u):
    return 0


class TestPassing:
    def test_passed_counts_the_checks_and_returns_nothing(self, capsys):
        check = checks.of(roll_die)
        check.call([0.2, 0.8], 0.1).equals(0)
        check.call([0.2, 0.8], 0.1).close_to(0.0)
        check.holds(True, "it holds")
        assert check.passed() is None
        assert capsys.readouterr().out == "roll_die: all 3 checks passed.\n"

    def test_passed_of_one_check_is_good_english(self, capsys):
        check = checks.of(roll_die)
        check.call([1.0], 0.1).equals(0)
        check.passed()
        assert capsys.readouterr().out == "roll_die: its check passed.\n"

    def test_every_assertion_returns_none(self):
        def fails(x):
            raise KeyError("never")

        check = checks.of(roll_die)
        assert check.call([1.0], 0.1).equals(0) is None
        assert check.call([1.0], 0.1).close_to(0) is None
        assert check.holds(True, "it holds") is None
        assert checks.of(fails).call(1).raises(KeyError, mentioning="never") is None

    def test_a_call_of_which_nothing_was_asked_must_return(self):
        def fails(x):
            raise ValueError("no")

        check = checks.of(fails)
        check.call(1)
        assert "ValueError" in str(failure(check.passed))

    def test_a_test_that_checks_nothing_is_an_error_of_the_test(self):
        with pytest.raises(RuntimeError, match="checks nothing"):
            checks.of(roll_die).passed()


class TestNames:
    def test_a_function_is_called_what_the_test_calls_it(self):
        softmax = lambda x: x  # noqa: E731
        assert checks.of(softmax).name == "softmax"

    def test_a_given_name_wins(self):
        assert checks.of(roll_die, name="Die.roll").name == "Die.roll"

    def test_a_method_has_the_name_of_its_class(self):
        class Vocab:
            def encode(self, text):
                return []

        assert checks.of(Vocab().encode).name == "Vocab.encode"

    def test_a_callable_without_a_name_is_your_function(self):
        import functools

        assert checks.of(functools.partial(roll_die, [1.0])).name == "your function"


class TestWrongValue:
    def test_says_the_call_both_values_and_the_named_mistake(self):
        mistakes = {"the die is not rolled: this is the likeliest face whatever u is": 0}
        found = failure(checks.of(roll_die).call([0.2, 0.5, 0.3], 0.25).equals, 1, mistakes)
        assert str(found) == (
            "`roll_die([0.2, 0.5, 0.3], 0.25)` returned 0; it should return 1. This is what you get when "
            "the die is not rolled: this is the likeliest face whatever u is."
        )
        assert found.public == (
            "`roll_die` returns a wrong value. This is what you get when the die is not rolled: "
            "this is the likeliest face whatever u is."
        )
        assert found.mistake == "the die is not rolled: this is the likeliest face whatever u is"
        assert found.check == "roll_die"

    def test_without_a_named_mistake_the_attribute_is_none(self):
        assert failure(returning(2).call().equals, 5).mistake is None

    def test_of_an_array_says_where_and_how_many(self):
        right = np.arange(12.0).reshape(3, 4) + 0.5
        wrong = right.copy()
        wrong[1, 2] += 1
        wrong[2, 0] -= 3
        text = str(failure(returning(wrong).call().close_to, right))
        assert "first wrong entry [1, 2]: yours 7.5, should be 6.5; 2 of 12 entries differ" in text

    def test_shows_as_many_digits_as_it_takes(self):
        text = str(failure(returning(1 / 3 + 1e-6).call().close_to, 1 / 3))
        assert "0.333334" in text and "0.333333" in text

    def test_of_a_dict_says_the_keys(self):
        text = str(failure(returning({"corn": 1, "rocks": 2}).call().equals, {"corn": 1, "hay": 2}))
        assert "the key 'hay' is missing and the key 'rocks' is not expected" in text

    def test_of_a_dict_says_the_first_wrong_key(self):
        right = {f"word{i}": i for i in range(20)}
        text = str(failure(returning(right | {"word7": -1}).call().equals, right))
        assert "returned a dict that is wrong at ['word7']: yours is -1, it should be 7; 1 of 20 keys differ" in text

    def test_of_nested_values_says_the_whole_path(self):
        words = "so that both of the values are too long to be shown as a whole".split()
        found = failure(returning({"a": [words, {"b": (1, 2)}]}).call().equals, {"a": [words, {"b": (1, 5)}]})
        assert "at ['a'][1]['b'][1]: yours is 2, it should be 5" in str(found)

    def test_of_long_strings_shows_where_they_part(self):
        one, other = "the cows eat " * 20 + "corn", "the cows eat " * 20 + "hay"
        text = str(failure(returning(one).call().equals, other))
        assert "corn" in text and "hay" in text and len(text) < 300

    def test_a_note_is_added_for_the_student_but_not_in_public(self):
        found = failure(returning(1).call(0.0).equals, 0, note="u = 0 belongs to the first face")
        assert str(found).endswith("u = 0 belongs to the first face.")
        assert "u = 0" not in found.public


BIG = np.random.default_rng(0).normal(size=(40, 50))
VALUES = [
    3,
    0.1234567,
    -7e-20,
    "a string of 7 words for the test",
    ["cows", "eat", "hay"],
    list(range(500)),
    BIG,
    BIG[0, :3],
    {("cows", str(i)): {"eat": i / 7} for i in range(100)},
    "x" * 5000,
    None,
    {1, 2, 3},
    (BIG, "a"),
    10**3000,
    b"\x00" * 99,
    [[1.5, 2.5], [3.5]],
    float("nan"),
    float("inf"),
    True,
    2 + 3j,
]


@pytest.mark.parametrize("actual", VALUES, ids=lambda v: type(v).__name__)
@pytest.mark.parametrize("expected", VALUES, ids=lambda v: type(v).__name__)
def test_every_message_is_short_and_its_public_part_shows_no_value(actual, expected):
    def answer(*args):
        return actual

    check = checks.of(answer, name="f")
    if actual is expected:
        check.call(BIG, "secret argument").equals(expected)
        return
    for assertion in ("equals", "close_to"):
        found = failure(getattr(check.call(BIG, "secret", list(range(77))), assertion), expected)
        assert len(str(found)) < 600
        assert "secret" in str(found) and str(found).startswith("`f(array of shape (40, 50)")
        public = found.public.replace("0/0", "").replace("log(0)", "").replace("by 0", "")
        assert not any(c.isdigit() for c in public), public
        assert "secret" not in found.public and "cows" not in found.public
        assert "!" not in str(found)


class TestException:
    def test_says_its_class_its_message_where_and_what_should_come_back(self):
        def tokenize(text):
            return text.split().lower()

        found = failure(checks.of(tokenize).call("Cows eat").equals, ["cows", "eat"])
        line = tokenize.__code__.co_firstlineno + 1
        assert str(found) == (
            "`tokenize('Cows eat')` raised AttributeError: 'list' object has no attribute 'lower' "
            f"(line {line}: `return text.split().lower()`). It should return ['cows', 'eat']."
        )
        assert found.public == f"`tokenize` raised AttributeError (line {line})."

    def test_where_is_the_students_line_even_if_a_library_raises(self):
        def answer(x):
            return np.zeros((2, 3)) @ x

        assert "`return np.zeros((2, 3)) @ x`" in str(failure(checks.of(answer).call(np.ones(4)).close_to, 0))

    def test_public_does_not_repeat_a_class_name_that_the_answer_chose(self):
        def answer(x):
            raise type(f"Seen_{x}", (Exception,), {})(x)

        assert "Seen" not in failure(checks.of(answer).call(17).equals, 0).public

    def test_whose_str_raises_is_still_told(self):
        class Odd(Exception):
            def __str__(self):
                raise RuntimeError

        def answer():
            raise Odd

        assert "Odd" in str(failure(checks.of(answer).call().equals, 0))

    def test_system_exit_of_an_answer_is_a_failure(self):
        assert "SystemExit" in str(failure(checks.of(lambda: sys.exit(0)).call().equals, 0))

    def test_keyboard_interrupt_goes_through(self):
        def answer():
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            checks.of(answer).call()

    def test_failure_has_no_chained_exception(self):
        def answer():
            return 1 / 0

        assert failure(checks.of(answer).call().equals, 0).__context__ is None


class TestRaises:
    @staticmethod
    def unseen(counts, context):
        raise KeyError(f"the context {context} was never seen")

    def test_the_right_exception_that_says_enough_passes(self):
        checks.of(self.unseen).call({}, ("never",)).raises(KeyError, mentioning="never")
        checks.of(self.unseen).call({}, ("never",)).raises((ValueError, LookupError), mentioning=("never", "context"))

    def test_a_value_is_a_failure(self):
        found = failure(checks.of(roll_die).call([0.5, 0.6], 0.1).raises, ValueError)
        assert str(found) == "`roll_die([0.5, 0.6], 0.1)` returned 0; it should raise `ValueError`."
        assert found.public == "`roll_die` returns a value where it should raise `ValueError`."

    def test_another_exception_is_a_failure(self):
        found = failure(checks.of(self.unseen).call({}, "a").raises, ValueError)
        assert "raised KeyError" in str(found) and "should raise `ValueError`" in str(found)

    def test_a_message_that_does_not_mention_it_is_a_failure(self):
        found = failure(checks.of(self.unseen).call({}, "a").raises, KeyError, mentioning="cows")
        assert "does not mention 'cows'" in str(found) and "cows" not in found.public


class TestNotWritten:
    @staticmethod
    def count_ngrams(sentences, n):
        raise NotImplementedError

    @pytest.mark.parametrize(
        "ask",
        [
            lambda o: o.equals({}),
            lambda o: o.close_to(0),
            lambda o: o.raises(KeyError),
            lambda o: o.value,
            lambda o: o.array(),
            lambda o: o.check.passed(),
        ],
    )
    def test_is_a_not_implemented_error_with_one_sentence(self, ask):
        found = failure(lambda: ask(checks.of(self.count_ngrams, name="count_ngrams").call([], 2)))
        assert type(found) is NotImplementedError
        assert str(found) == ("`count_ngrams` is not written yet: replace `raise NotImplementedError` in its cell.")
        assert (found.public, found.mistake, found.check) == (str(found), None, "count_ngrams")

    def test_names_the_exercise_that_is_missing_where_another_calls_it(self):
        namespace = {}
        exec("def forward(x):\n raise NotImplementedError\ndef backward(x):\n return forward(x)", namespace)
        found = failure(checks.of(namespace["backward"]).call(1).equals, 0)
        assert str(found).startswith("`forward` is not written yet") and found.check == "backward"

    def test_of_gradients_too(self):
        found = failure(checks.of(self.count_ngrams, name="backward").gradients, lambda x: x * 2, np.ones(2))
        assert type(found) is NotImplementedError


class TestHolds:
    def test_fills_the_values_in(self):
        found = failure(checks.of(roll_die).holds, False, "they must add up to 1, yours add up to {}", 0.75)
        assert str(found) == "`roll_die`: they must add up to 1, yours add up to 0.75."
        assert found.public == "`roll_die`: they must add up to 1, yours add up to ..."

    @pytest.mark.parametrize("condition", [True, np.True_, 1, np.array(True), lambda: 1 < 2])
    def test_true_conditions_hold(self, condition):
        checks.of(roll_die).holds(condition, "it holds")

    @pytest.mark.parametrize(
        "condition",
        [
            False,
            np.False_,
            0,
            None,
            "yes",
            [1],
            np.array([True, True]),
            object(),
            float,
            lambda: False,
            lambda: len(3),
        ],
    )
    def test_anything_else_does_not(self, condition):
        failure(checks.of(roll_die).holds, condition, "it holds")

    def test_values_with_braces_and_missing_values_do_no_harm(self):
        assert "{}" in str(failure(checks.of(roll_die).holds, False, "got {} and {}", "{}"))


class TestInPlace:
    @staticmethod
    def subtract(x, words=()):
        x -= 1
        return x.sum()

    def test_a_changed_argument_is_a_failure_of_its_own(self):
        found = failure(checks.of(self.subtract).call(np.ones(3)).close_to, 0)
        assert "changes `x` in place" in str(found)
        assert found.public.startswith("`TestInPlace.subtract` changes one of its arguments in place.")

    def test_it_may_be_allowed(self):
        checks.of(self.subtract, in_place=True).call(np.ones(3)).close_to(0)

    def test_a_wrong_value_is_told_first(self):
        assert "it should return" in str(failure(checks.of(self.subtract).call(np.ones(3)).close_to, 5))

    def test_the_test_keeps_its_values(self):
        x = np.ones(3)
        checks.of(self.subtract, in_place=True).call(x)
        assert x.tolist() == [1, 1, 1]

    def change_list(x):  # noqa: N805
        x[0].append(1)

    def change_dict(x):  # noqa: N805
        x["a"]["b"] = 2

    def change_set(x):  # noqa: N805
        x.add(5)

    @pytest.mark.parametrize(
        "change, value",
        [
            (change_list, [[]]),
            (change_dict, {"a": {"b": 1}}),
            (change_set, {1, 2}),
            (lambda x: x.sort(), [3, 1, 2]),
        ],
    )
    def test_nested_changes_are_seen(self, change, value):
        assert "in place" in str(failure(lambda: checks.of(change, name="f").call(value).value))
        assert "in place" in str(failure(lambda: checks.of(change, name="f").call(x=value).value))

    def test_a_function_and_an_object_are_passed_as_they_are(self):
        class Model:
            def __call__(self):
                return 4

        model, seen = Model(), []
        checks.of(lambda *given: seen.extend(given), name="f").call(model, roll_die, [model]).equals(None)
        assert seen[0] is model and seen[1] is roll_die and seen[2][0] is model


IMPORT = "from nextword import checks\n"
ANSWER = IMPORT + "def f(x):\n    return x\n"


class TestShown:
    """What IPython, and so a notebook, shows of a failure."""

    @pytest.fixture
    def shell(self):
        shell = InteractiveShell.instance()
        shell.run_line_magic("colors", "nocolor")
        yield shell
        InteractiveShell.clear_instance()

    def output_of(self, shell, source):
        with capture_output() as captured:
            shell.run_cell(source)
        return captured.stdout + captured.stderr

    def test_only_the_message(self, shell):
        source = IMPORT + "def f(x):\n    return x[0]\nchecks.of(f).call('ab').equals('b')"
        assert self.output_of(shell, source).strip() == "`f('ab')` returned 'a'; it should return 'b'."

    def test_only_the_sentence_of_an_unwritten_exercise(self, shell):
        source = IMPORT + "def f(x):\n    raise NotImplementedError\nchecks.of(f).call(1).equals(2)"
        shown = self.output_of(shell, source).strip()
        assert shown == "`f` is not written yet: replace `raise NotImplementedError` in its cell."

    def test_the_line_of_the_cell_where_the_answer_raised(self, shell):
        self.output_of(shell, "def f(x):\n    y = x + 1\n    return y[0]")
        shown = self.output_of(shell, "from nextword import checks\nchecks.of(f).call(1).equals(2)")
        assert "(line 3: `return y[0]`)" in shown.replace("\n", " ")
        assert "Traceback" not in shown

    def test_long_messages_are_wrapped(self, shell):
        source = ANSWER + "checks.of(f).call([0.5] * 30).equals('word ' * 50)"
        assert max(map(len, self.output_of(shell, source).splitlines())) <= 100

    def test_no_value_after_the_last_line(self, shell):
        source = ANSWER + "c = checks.of(f)\nc.call(1).equals(1)\nc.passed()"
        assert self.output_of(shell, source) == "f: its check passed.\n"

    def test_plain_python_shows_the_message_last(self):
        found = failure(returning("a").call().equals, "b")
        assert traceback.format_exception_only(found)[-1].strip().endswith("returned 'a'; it should return 'b'.")


def test_importing_checks_does_not_import_torch():
    source = "import sys, nextword.checks; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", source], check=False).returncode == 0
