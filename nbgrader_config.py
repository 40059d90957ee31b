"""nbgrader's configuration: course.toml says where things lie, and the judge replaces nbgrader's kernel."""

from pathlib import Path

from nbconvert.preprocessors import ClearMetadataPreprocessor
from nbgrader import preprocessors as nbgrader
from nbgrader.server_extensions.formgrader.handlers import template_path

from autograder import harmless, marking
from autograder.build import settings
from autograder.course import Course
from autograder.feedback import TEMPLATES

course = Course.load(Path(__file__).parent)
c = get_config()  # noqa: F821


def below_root(path):
    """nbgrader wants its folders relative to the root of the course; a workspace elsewhere stays as it is."""
    return (path.relative_to(course.root) if path.is_relative_to(course.root) else path).as_posix()


c.CourseDirectory.root = str(course.root)
c.CourseDirectory.course_id = course.id
c.CourseDirectory.source_directory = below_root(course.build / "source")
c.CourseDirectory.release_directory = below_root(course.notebooks)
c.CourseDirectory.submitted_directory = below_root(course.submitted)
c.CourseDirectory.autograded_directory = below_root(course.autograded)
c.CourseDirectory.feedback_directory = below_root(course.feedback)
c.CourseDirectory.db_url = course.db_url
# Sources lie beside notebooks: without this, nbgrader releases them and copies them over submissions.
c.CourseDirectory.ignore = ["*.py", ".ipynb_checkpoints", "*.pyc", "__pycache__", ".pytest_cache"]

# `nbgrader generate_assignment` makes what `autograder build` makes. Marking schemes go before the gradebook
# keeps the cells, so that an untouched written answer is recognised as such.
for preprocessor, options in settings().items():
    c[preprocessor].update(options)
c.GenerateAssignment.preprocessors = [
    nbgrader.LockCells,
    nbgrader.ClearSolutions,
    nbgrader.ClearMarkScheme,
    nbgrader.ClearOutput,
    nbgrader.CheckCellMetadata,
    nbgrader.ComputeChecksums,
    nbgrader.SaveCells,
    nbgrader.ClearHiddenTests,
    nbgrader.ComputeChecksums,
    nbgrader.CheckCellMetadata,
]

# nbgrader's own chain, with the judge in place of the kernel that runs answer and test together.
c.Autograde.autograde_preprocessors = [
    "autograder.nbgrader_plugin.Judge",
    nbgrader.IgnorePattern,
    ClearMetadataPreprocessor,
    nbgrader.LimitOutput,
    nbgrader.SaveAutoGrades,
    "autograder.nbgrader_plugin.SaveBonus",
    nbgrader.AssignLatePenalties,
    nbgrader.CheckCellMetadata,
]

c.AssignLatePenalties.plugin_class = "autograder.nbgrader_plugin.LatePolicy"

# What students write is shown to graders on a page of the Jupyter server: no script may run there, nothing is asked of
# another server, and formulas come from this one (templates/formgrade).
c.HTMLExporter.sanitize_html = True
c.HTMLExporter.filters = {"clean_html": harmless.harmless, "markdown2html": harmless.markdown2html}
c.HTMLExporter.extra_template_basedirs = [str(TEMPLATES), template_path]
# The page of assignments would show the whole configuration, with the server's token in it.
c.FormgradeExtension.debug = False

# nbgrader's own feedback shows sources and values of hidden tests: command and button write our pages instead.
c.GenerateFeedback.exporter_class = "autograder.nbgrader_feedback.FeedbackPage"
c.GenerateFeedback.preprocessors = []
c.GenerateFeedback.force = True  # it would skip a page whose marks have changed

# In the formgrader's server: /marking, and what other programs have written into the gradebook.
marking.attach()
