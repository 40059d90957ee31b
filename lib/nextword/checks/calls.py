"""Calling an answer: on copies of the arguments, here or through a proxy; and where it failed."""

import inspect
import linecache
import os
import sysconfig
import traceback

import numpy as np

from .compare import difference
from .hints import ORDINALS
from .plain import ATOMS, DEPTH, is_tensor, plain

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LIBRARIES = tuple({sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")})
CELLS = ("<ipython-input", "<cell", "ipykernel_")


def call(f, args, kwargs):
    """Call an answer; returns (value, error, changed): its exception, and the arguments that it changed."""
    if hasattr(type(f), "__call_reporting__"):
        return _call_proxy(f, args, kwargs)
    copies, named = [copied(a) for a in args], {key: copied(a) for key, a in kwargs.items()}
    value = error = None
    try:
        value = f(*copies, **named)
    except (Exception, SystemExit) as raised:
        error = raised
        locate(error)
    changed = [i for i, (before, after) in enumerate(zip(args, copies, strict=True)) if _changed(before, after)]
    changed += [key for key, before in kwargs.items() if _changed(before, named[key])]
    return value, error, changed


def _call_proxy(f, args, kwargs):
    """An exception of the answer says where it was raised; any other is the judge's own, and goes on."""
    try:
        value, changed = type(f).__call_reporting__(f, args, kwargs)
    except Exception as raised:
        if not hasattr(raised, "where"):
            raise
        return None, raised, []
    return value, None, list(changed)


def copied(value, depth=0):
    """A copy of plain data as it would cross to another process: a `Counter` becomes a dict.

    Functions and objects of other classes are passed as they are.
    """
    cls = type(value)
    if cls in ATOMS or depth > DEPTH:
        return value
    if issubclass(cls, np.ndarray):
        return np.array(value)
    if is_tensor(value):
        return value.detach().clone()
    for base in (list, tuple, set, frozenset):
        if issubclass(cls, base):
            return base([copied(item, depth + 1) for item in base.__iter__(value)])
    if issubclass(cls, dict):
        return {copied(key, depth + 1): copied(item, depth + 1) for key, item in dict.items(value)}
    return value


def _changed(before, after):
    if before is after:
        return False
    return difference(plain(after, same_objects=True), plain(before, same_objects=True)) is not None


def locate(error):
    """Set `error.where` to the innermost line of the student's code, and `error.function` to its function.

    where: such as ``line 3: `return text.lower()` ``, or "".
    """
    where = function = ""
    for frame, number in traceback.walk_tb(error.__traceback__):
        filename = frame.f_code.co_filename
        if not is_library(filename):
            source = linecache.getline(filename, number).strip()
            where = f"line {number}" + (f": `{source}`" if source else "")
            function = getattr(frame.f_code, "co_qualname", frame.f_code.co_name)
    try:
        error.where, error.function = where, function
    except Exception:  # a class with its own ideas about attributes
        pass


def is_library(filename):
    """Whether a file is code that no student wrote: this package, Python's or an installed one."""
    if any(mark in filename for mark in CELLS):
        return False
    folders = (PACKAGE, *LIBRARIES)
    return filename.startswith(("<frozen", *(folder + os.sep for folder in folders))) or "site-packages" in filename


def unwritten(error, name):
    """The function that is not written yet: the one that is checked, or another exercise that it calls."""
    function = getattr(error, "function", "")
    if type(function) is not str or not function or "<" in function:
        return name
    return name if name.rpartition(".")[2] == function.rpartition(".")[2] else function


def name_of(f, test):
    """The name of a function in a sentence: its global name in the test, else what it calls itself."""
    given, own = _bound_to(f, test.f_globals), _own_name(f)
    if given:
        return own if own in given else given[0]
    if 0 < len(own) <= 60 and all(part.isidentifier() for part in own.split(".")):
        return own
    return next(iter(_bound_to(f, test.f_locals)), "your function")


def _own_name(f):
    attribute = "__name__" if hasattr(type(f), "__call_reporting__") else "__qualname__"
    try:
        name = getattr(f, attribute, None)
    except Exception:
        return ""
    return name.rpartition("<locals>.")[2] if type(name) is str else ""


def _bound_to(f, names):
    return [name for name, value in names.items() if value is f and name.isidentifier() and name[0] != "_"]


def parameter_names(f, count):
    """The names of the first parameters where they can be known, else "the first argument" and so on."""
    names = []
    if not hasattr(type(f), "__call_reporting__"):
        try:
            parameters = inspect.signature(f).parameters.values()
            names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        except Exception:
            pass
    ordinals = [f"the {which} argument" for which in ORDINALS]
    unnamed = ordinals + [f"argument {i + 1}" for i in range(len(ordinals), count)]
    return [names[i] if i < len(names) else unnamed[i] for i in range(count)]
