"""Sources are read strictly: every error names the file, the line, the cell, and what to do."""

import pytest
import sample_course as sample

from autograder import source, static
from autograder.cells import student_version

HEADING = "# %% [markdown]\n# ## Exercise 1: double\n\n"
ANSWER = (
    '# %% answer="double"\ndef double(x):\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION\n\n'
)
TEST = (
    '# %% test="double" points=1\nfrom nextword import checks\n\n'
    "check = checks.of(double)\ncheck.passed()\n\n"
)
GOOD = HEADING + ANSWER + TEST
WRITTEN = (
    '# %% [markdown]\n# ## Exercise 1: why\n\n# %% [markdown] written="why" points=2\n'
    "# ### BEGIN SOLUTION\n# So.\n# ### END SOLUTION\n"
    "# ### BEGIN MARK SCHEME\n# 2 points: so.\n# ### END MARK SCHEME\n"
)


def hidden(text, header='hidden="double" points=1'):
    return f"# %% {header}\n{text}\n"


@pytest.fixture(scope="module")
def every_role():
    return source.read(sample.SOURCE)


def test_every_role_is_read(every_role):
    assert [(cell.id, cell.exercise) for cell in every_role.cells if cell.role != "prose"] == [
        ("given-setup", ""),
        ("answer-count_words", "count_words"),
        ("figure-most_common", "count_words"),
        ("test-count_words", "count_words"),
        ("hidden-count_words", "count_words"),
        ("code-723623d7", "count_words"),
        ("answer-entropy", "entropy"),
        ("test-entropy", "entropy"),
        ("written-logarithms", "logarithms"),
    ]
    tested = next(cell for cell in every_role.cells if cell.id == "test-entropy")
    assert (tested.points, tested.bonus, tested.seconds, tested.type) == (2, True, 20, "code")
    assert next(cell for cell in every_role.cells if cell.id == "answer-entropy").torch
    assert sample.SOURCE.read_text().split("\n")[tested.line - 1].startswith('# %% test="entropy"')


def test_exercises_are_read_from_the_text_above_them(every_role):
    count, entropy, logarithms = every_role.exercises
    assert (count.heading, count.difficulty, count.minutes) == ("Exercise 1: counting words", 1, 5)
    assert (count.points_visible, count.points_hidden, count.points_bonus, count.points) == (1, 2, 0, 3)
    assert count.covers == "No words at all, and words that come once."
    assert [hint.title for hint in count.hints] == [
        "Hint 1: what do you need to remember?",
        "Hint 2: if you see KeyError",
    ]
    assert count.hints[0].text.endswith("counts = {}\n```")
    assert (entropy.points, entropy.points_bonus, entropy.torch) == (0, 2, True)
    assert entropy.defines == ("LOG", "entropy", "twice")
    assert (logarithms.kind, logarithms.points_written) == ("written", 4)
    assert logarithms.scheme.startswith("* 2 points: underflow is named.")


def test_ids_of_prose_depend_on_its_text_alone():
    prose = "# %% [markdown]\n# The same.\n\n"
    first = source.parse(prose * 2 + "# %% [markdown]\n# Another.\n")
    second = source.parse("# %% [markdown]\n# Before it all.\n\n" + prose)
    one, two, other = (cell.id for cell in first.cells)
    assert two == f"{one}-2" and other != one
    assert second.cells[1].id == one


def test_students_get_stubs_at_the_indentation_of_the_solution(every_role):
    versions = {cell.id: student_version(cell) for cell in every_role.cells}
    assert versions["answer-count_words"].endswith('int."""\n    raise NotImplementedError')
    assert versions["answer-entropy"].endswith("def twice(probs):\n    raise NotImplementedError")
    assert versions["hidden-count_words"] == "# No words at all,\n# and words that come once."
    assert versions["written-logarithms"] == "YOUR ANSWER HERE"


@pytest.mark.parametrize(
    "headings",
    [
        ["Exercise 1", "Exercise 2"],
        ["Exercise 1a", "Exercise 1b", "Exercise 2"],
        ["Exercise 1", "Written question 1", "Exercise 2a", "Bonus exercise", "Exercise 2b"],
    ],
)
def test_headings_may_be_numbered_so(headings):
    text = ""
    for number, heading in enumerate(headings):
        exercise = GOOD.replace("Exercise 1", heading).replace("double", f"double_{number}")
        text += exercise
    assert [exercise.label for exercise in source.parse(text).exercises] == headings


def test_no_file_is_an_error_that_names_it(tmp_path):
    with pytest.raises(source.SourceError, match="x.py: there is no such file"):
        source.read(tmp_path / "x.py")


@pytest.mark.parametrize(
    "text, complaint",
    [
        (
            GOOD.replace("points=1", "points=1 colour=2"),
            "test-double: 'colour' is not known in the header of a test",
        ),
        (GOOD.replace("test=", "tset="), "'tset' is not known in the header of a code cell"),
        (GOOD.replace(" points=1", ""), "test-double: the header does not say what it is worth"),
        (GOOD.replace("points=1", "points=-1"), "points must be a number from 0"),
        (GOOD.replace("points=1", 'points="1"'), "points must be a number"),
        (GOOD.replace("points=1", "points=1 bonus=1"), "bonus must be true or false"),
        (GOOD.replace("answer=", 'given="x" answer='), "a cell has one role, not"),
        (GOOD.replace('"double"', '"double it"'), "the name must be like a Python name"),
        (GOOD + '# %% given="a"\nx = 1\n\n# %% given="a"\nx = 2\n', "another given cell named 'a'"),
        (GOOD + TEST, "another test cell named 'double'"),
        (HEADING + TEST + ANSWER, "test-double: no answer cell named 'double' comes before it"),
        (HEADING + ANSWER, "answer-double: nothing tests this answer"),
        (ANSWER + TEST, "answer-double: the exercise has no heading of its own"),
        (
            GOOD + (ANSWER + TEST).replace("double", "treble"),
            "answer-treble: the exercise has no heading of its own",
        ),
        (GOOD.replace("Exercise 1:", "Exercise:"), "the exercise has no heading of its own"),
        (GOOD.replace("## Exercise 1:", "## Exercise 1: $2x$ or"), "a heading is plain text, without formulas"),
        (GOOD.replace("## Exercise 1:", "### Exercise 1:"), "write such a heading as ## Exercise 3: title"),
        (
            GOOD.replace("Exercise 1", "Exercise 2"),
            "headings are numbered in order: this is Exercise 1, not 2",
        ),
        (GOOD.replace("Exercise 1", "Exercise 1b"), "numbered in order"),
        (GOOD + HEADING.replace("1", "2"), "Exercise 2 has no answer and no written cell"),
        (
            GOOD.replace("double\n\n", "double\n# *about 5 minutes · 3 points*\n\n"),
            "the text says 3 points, its cells",
        ),
        (GOOD.replace("    ### BEGIN SOLUTION\n", ""), "END SOLUTION comes without"),
        (GOOD.replace("    ### END SOLUTION\n", ""), "BEGIN SOLUTION has no ### END SOLUTION"),
        (GOOD.replace("    return", "    ### BEGIN SOLUTION\n    return"), "BEGIN SOLUTION comes twice"),
        (
            GOOD.replace("### BEGIN", "# BEGIN"),
            "write the marker on a line of its own, as ### BEGIN SOLUTION",
        ),
        (HEADING + '# %% answer="double"\nx = 1\n\n' + TEST, "the student's part is not marked"),
        (
            GOOD + '# %% given="a"\n### BEGIN SOLUTION\nx = 1\n### END SOLUTION\n',
            "markers belong into answer and written",
        ),
        (
            GOOD + hidden("### BEGIN HIDDEN TESTS\nx = 1\n### END HIDDEN TESTS"),
            "begin with comment lines that say",
        ),
        (GOOD + hidden("# Zero.\nassert double(0) == 0"), "the hidden test is not marked"),
        (
            GOOD + hidden("# Zero.\nx = 1\n### BEGIN HIDDEN TESTS\ny = 1\n### END HIDDEN TESTS"),
            "code stands outside of ### BEGIN HIDDEN TESTS",
        ),
        (
            GOOD + hidden("# Zero.\n### BEGIN HIDDEN TESTS\ny = 1\n### END HIDDEN TESTS\n# more"),
            "something comes after ### END HIDDEN TESTS",
        ),
        (WRITTEN.replace("MARK", "MARKING"), "the marking scheme is not marked"),
        (WRITTEN.replace("SOLUTION", "MODEL"), "the model answer is not marked"),
        (
            WRITTEN.replace("[markdown] written", "written"),
            "begin this cell with # %% \\[markdown\\] written",
        ),
        (
            GOOD.replace("# %% answer", "# %% [markdown] answer"),
            "begin this cell with # %% answer=..., without",
        ),
        ("# %% [raw]\n# x\n", "this is neither code nor markdown"),
    ],
)
def test_what_breaks_the_format_is_an_error_that_says_what_to_do(text, complaint):
    with pytest.raises(source.SourceError, match=complaint) as error:
        source.parse(text, "solutions/x.py")
    assert all(problem.startswith("solutions/x.py:") for problem in error.value.problems)


def test_all_problems_are_reported_at_once():
    with pytest.raises(source.SourceError) as error:
        source.parse(
            GOOD.replace("points=1", "points=-1").replace('answer="double"', 'answer="double" colour=1')
        )
    assert len(error.value.problems) == 2


# --- static checks ---


def problems(text):
    return static.problems_of(source.parse(text, "x.py"))


def with_test(line, given=""):
    return given + GOOD.replace("check.passed()", f"{line}\ncheck.passed()")


def test_a_good_notebook_has_no_problem(every_role):
    assert static.problems_of(every_role) == []
    assert problems(GOOD) == []


@pytest.mark.parametrize(
    "line",
    [
        "import math\nmath.sqrt(2.0)",
        "total = sum(double(x) for x in range(3))",
        "def treble(x):\n    return 3 * x + double(x)\n\n\ntreble(2)",
        "class Box:\n    size = 3\n\n    def area(self):\n        return double(self.size)\n\n\nBox()",
        "with open(__file__) as file:\n    print(file)",
        "try:\n    double('x')\nexcept TypeError as error:\n    print(error)",
        "first, *rest = [1, 2]\nprint(first, rest)",
        "shown = [y for x in [[1]] if (y := x)]\nprint(shown)",
        "squares = {x: x**2 for x in range(3)}\nprint(lambda x: x + squares[0])",
    ],
)
def test_what_a_test_imports_defines_or_asks_of_an_answer_is_closed(line):
    assert problems(with_test(line)) == []


@pytest.mark.parametrize(
    "line, name",
    [
        ("print(np.zeros(3))", "np"),
        ("value = [table for row in [1]]", "table"),
        ("def helper():\n    return corpus", "corpus"),
        ("treble(3)", "treble"),
    ],
)
def test_a_test_that_needs_more_is_not_closed(line, name):
    (found,) = problems(with_test(line))
    assert found.startswith("x.py:10: test-double: ") and f"{name!r} is not defined in this cell" in found


def test_the_complaint_says_where_a_missing_name_comes_from():
    (found,) = problems(with_test("np.zeros(3)", given='# %% given="setup"\nimport numpy as np\n\n'))
    assert "it comes from the given cell 'setup'" in found


def test_an_answer_below_the_test_does_not_count():
    later = GOOD.replace("double", "treble").replace("Exercise 1", "Exercise 2")
    (found,) = problems(with_test("treble(2)") + later)
    assert "'treble' is not defined in this cell, nor by an answer above it" in found


@pytest.mark.parametrize("last", ["double(3)", "double(3) == 6", "check", "1", "'text'"])
def test_a_test_that_ends_in_a_value_is_refused(last):
    (found,) = problems(GOOD.replace("check.passed()", last))
    assert "ends in a value" in found


@pytest.mark.parametrize(
    "last", ["check.passed()", "print(double(3))", "assert double(3) == 6", "x = double(3)"]
)
def test_a_test_that_ends_without_a_value_is_accepted(last):
    assert problems(GOOD.replace("check.passed()", last)) == []


@pytest.mark.parametrize(
    "line",
    [
        "import sys\nprint(1, file=sys.stderr)",
        "import warnings\nwarnings.warn('x')",
        "import sys\nsys.stderr.write('x')",
    ],
)
def test_a_test_that_writes_to_stderr_is_refused(line):
    (found,) = problems(with_test(line))
    assert "line 5 uses" in found and "stderr" in found


def test_a_magic_command_in_a_test_is_refused():
    (found,) = problems(with_test("%timeit double(3)"))
    assert "a test is plain Python" in found


@pytest.mark.parametrize("line", ["import torch", "from torch import nn", "import torch.nn.functional as F"])
def test_torch_in_an_answer_needs_torch_true(line):
    text = GOOD.replace("    return", f"    {line}\n    return")
    (found,) = problems(text)
    assert "line 3 imports torch" in found and "put torch=true into its header" in found
    assert problems(text.replace('answer="double"', 'answer="double" torch=true')) == []


def test_torch_in_a_given_cell_needs_an_answer_that_may_use_it():
    text = '# %% given="setup"\nimport torch\n\n' + GOOD
    (found,) = problems(text)
    assert "no exercise of this notebook allows PyTorch; make it a figure cell" in found
    assert problems(text.replace("given=", "figure=")) == []
    assert problems(text.replace('answer="double"', 'answer="double" torch=true')) == []


def test_code_that_is_not_python_is_refused_also_where_only_the_stub_is_not():
    (found,) = problems(GOOD.replace("return 2 * x", "return 2 *"))
    assert "answer-double: line 3 is not Python" in found
    broken = GOOD.replace(
        "def double(x):\n    ### BEGIN SOLUTION", "### BEGIN SOLUTION\ndef double(x):"
    ).replace("    ### END SOLUTION", "### END SOLUTION\n    x = 1")
    (found,) = problems(broken)
    assert "not Python" in found


def test_an_answer_with_nothing_in_it_is_refused():
    (found,) = problems(GOOD.replace("    return 2 * x\n", ""))
    assert "there is nothing between" in found
