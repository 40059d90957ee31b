"""What nbgrader_config.py adds to the formgrader's server: the page /marking, and a fresh look at the gradebook.

The page lists, for each written question, the answers that wait, with links into the formgrader. The formgrader's own
list of submissions takes a minute for a class of a thousand.
"""

import functools
import itertools
import sys

import jinja2
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import url_path_join
from tornado import web

from .bundle import Bundle
from .course import Course
from .feedback import TEMPLATES
from .gradebook import Book, GradebookError


class MarkingHandler(JupyterHandler):
    """/marking"""

    @web.authenticated
    def get(self):
        course = Course.load(self.settings["nbgrader_formgrader"].coursedir.root)
        try:
            with Book(course.db_url) as gradebook:
                questions = gradebook.written()
        except GradebookError as error:  # there may be no class yet
            self.set_status(503)
            return self.finish(page({}, [], self.base_url, str(error)))
        bundles = {one.name: Bundle.from_source(course, one.name) for one in course.assignments}
        self.finish(page(bundles, [one for one in questions if one.assignment in bundles], self.base_url))


def page(bundles, questions, base_url="/", problem=""):
    """The page's HTML; bundles: assignment -> Bundle; questions: list of gradebook.Question, or why there are none."""
    return _environment().get_template("marking.html").render(
        questions=[(one, bundles[one.assignment], _field(bundles[one.assignment], one.cell)) for one in questions],
        formgrader=url_path_join(base_url, "formgrader"),
        problem=problem,
    )


def _field(bundle, written):
    """The formgrader's number of the field for the score of this cell: its pages scroll to `?index=` that number.

    It counts the link to the next submission, scores, extra credits and comments.
    """
    fields = {"answer": 1, "test": 2, "hidden": 2, "written": 3}
    before = itertools.takewhile(lambda cell: cell.id != written, bundle.cells)
    return 1 + sum(fields.get(cell.role, 0) for cell in before)


@functools.cache
def _environment():
    loader = jinja2.FileSystemLoader(TEMPLATES)
    return jinja2.Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)


def attach():
    """Adds both to the Jupyter server of this process; does nothing in other programs, or the second time."""
    serverapp = sys.modules.get("jupyter_server.serverapp")
    if serverapp is None or not serverapp.ServerApp.initialized():
        return
    application = serverapp.ServerApp.instance().web_app
    if "nextword_marking" in application.settings:
        return
    application.settings["nextword_marking"] = True
    application.settings["log_function"] = _looking_afresh(application.settings)
    application.add_handlers(".*$", [(url_path_join(application.settings["base_url"], "marking"), MarkingHandler)])


def _looking_afresh(settings):
    """Ends the formgrader's look at the gradebook with each request.

    It keeps one database session for as long as the server runs, and would go on showing, and writing on top of, what
    the gradebook held before `autograder grade` wrote into it. Tornado calls this function after every request.
    """
    log = settings["log_function"]

    def after(handler):
        log(handler)
        if gradebook := settings.get("nbgrader_gradebook"):
            gradebook.db.rollback()  # whatever was to be written has been committed

    return after
