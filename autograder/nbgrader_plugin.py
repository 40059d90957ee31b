"""The judge as an nbgrader preprocessor: it takes the place of Execute in `nbgrader autograde` and the formgrader.

    c.Autograde.autograde_preprocessors = [
        "autograder.nbgrader_plugin.Judge", ..., "nbgrader.preprocessors.SaveAutoGrades",
        "autograder.nbgrader_plugin.SaveBonus", ...]
"""

import atexit
import functools
import json

from nbgrader.api import Gradebook
from nbgrader.plugins import LateSubmissionPlugin
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Unicode

from . import desk, late
from .bundle import Bundle
from .course import Course
from .grading import Grader
from .sandbox import levels


@functools.lru_cache(maxsize=4)
def grader(root, name, sandbox):
    """A grader for an assignment, kept warm for as long as this process lives."""
    course = Course.load(root)
    level = levels.choose(sandbox)
    found = Grader(Bundle.from_source(course, name), course.assignment(name).limits, level, course.lib / "nextword")
    atexit.register(found.close)
    return found


class Judge(NbGraderPreprocessor):
    """Runs answers in the sandbox and tests in this process; writes the verdicts as the outputs of the test cells."""

    course_root = Unicode("", help="The folder of course.toml (default: found from here upwards)").tag(config=True)
    sandbox = Unicode("auto", help="The sandbox level: auto, rooms or none").tag(config=True)

    def preprocess(self, nb, resources):
        name = resources["nbgrader"]["notebook"]
        root = str(Course.load(self.course_root or None).root)
        made = grader(root, name, self.sandbox).grade(json.dumps(nb).encode())
        if made.reason:
            raise RuntimeError(made.reason)
        shown = desk.outputs(made)
        for cell in nb.cells:
            if cell.cell_type == "code":
                outputs = shown.get(cell.metadata.get("nbgrader", {}).get("grade_id"), [])
                cell.outputs = [type(cell)(output) for output in outputs]
        resources["nextword_record"] = made
        return nb, resources


class LatePolicy(LateSubmissionPlugin):
    """The late policy of course.toml for nbgrader (`c.AssignLatePenalties.plugin_class`)."""

    course_root = Unicode("", help="The folder of course.toml (default: found from here upwards)").tag(config=True)

    def late_submission_penalty(self, student_id, score, total_seconds_late):
        """Points taken off. It depends on all that the student handed in, and on extensions.toml."""
        course = Course.load(self.course_root or None)
        return late.of_student(course, student_id)[self.parent.assignment_id].penalty(score)


class SaveBonus(NbGraderPreprocessor):
    """Writes bonus points as extra credit, which nbgrader's own cells do not have."""

    def preprocess(self, nb, resources):
        made, about = resources["nextword_record"], resources["nbgrader"]
        with Gradebook(about["db_url"]) as book:
            for test in made.tests:
                if test.bonus:
                    grade = book.find_grade(test.cell, about["notebook"], about["assignment"], about["student"])
                    grade.extra_credit = float(test.points)
            book.db.commit()
        return nb, resources
