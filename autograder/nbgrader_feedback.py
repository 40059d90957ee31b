"""Our feedback pages for `nbgrader generate_feedback`, the formgrader's button, and nbgrader's exchange.

    c.GenerateFeedback.exporter_class = "autograder.nbgrader_feedback.FeedbackPage"
    c.GenerateFeedback.preprocessors = []

nbgrader's own pages are made from the autograded notebook, which is for graders: hidden tests are in it.
"""

from nbconvert.exporters import Exporter
from nbgrader.converters.base import NbGraderException
from traitlets import Unicode

from . import desk
from .course import Course


class FeedbackPage(Exporter):
    """Gives nbgrader the page that `autograder feedback` writes."""

    file_extension = ".html"
    course_root = Unicode("", help="The folder of course.toml (default: found from here upwards)").tag(config=True)

    def from_filename(self, filename, resources=None, **options):
        """The page of the student and assignment that `resources` names."""
        student, assignment = resources["nbgrader"]["student"], resources["nbgrader"]["assignment"]
        paths = desk.write_feedback(Course.load(self.course_root or None), assignment, [student])
        if not paths:
            raise NbGraderException(
                f"There is no record of {student}'s {assignment}: run `autograder grade {assignment}`, which writes"
                " the feedback pages too."
            )
        return paths[0].read_text(encoding="utf-8"), {**resources, "output_extension": self.file_extension}
