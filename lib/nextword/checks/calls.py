"""Calling an answer: on copies of the arguments, in this process or through a proxy, and where it failed."""

import linecache
import os
import sys
import sysconfig
import traceback

import numpy as np

from .compare import difference
from .plain import ATOMS, DEPTH, is_tensor

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LIBRARIES = tuple({sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")})
CELLS = ("<ipython-input", "<cell", "ipykernel_")


def copied(value, depth=0):
    """A copy of plain data; functions and objects of other classes are passed as they are, as in the judge."""
    cls = type(value)
    if cls in ATOMS or depth > DEPTH:
        return value
    if cls is np.ndarray and value.dtype.kind != "O":
        return value.copy()
    if cls in (list, tuple, set, frozenset):
        return cls(copied(item, depth + 1) for item in value)
    if issubclass(cls, dict):
        return {copied(key, depth + 1): copied(item, depth + 1) for key, item in dict.items(value)}
    if is_tensor(value):
        return value.detach().clone().requires_grad_(value.requires_grad)
    return value


def call(f, args, kwargs):
    """Call an answer; returns (value, error, changed): error is its exception, changed the arguments it changed."""
    reporting = getattr(type(f), "__call_reporting__", None)
    if reporting is not None:
        return _call_proxy(reporting, f, args, kwargs)
    copies, named = [copied(a) for a in args], {k: copied(v) for k, v in kwargs.items()}
    value = error = None
    try:
        value = f(*copies, **named)
    except (Exception, SystemExit) as raised:
        error = raised
    if error is not None:
        name_place(error)
    changed = [i for i, (a, b) in enumerate(zip(args, copies, strict=True)) if _changed(a, b)]
    changed += [k for k in kwargs if _changed(kwargs[k], named[k])]
    return value, error, changed


def _changed(before, after):
    return before is not after and difference(after, copied(before)) is not None


def _call_proxy(reporting, f, args, kwargs):
    """An exception of the answer says where it was raised; any other is the judge's own and goes on."""
    try:
        value, changed = reporting(f, args, kwargs)
        return value, None, list(changed)
    except Exception as raised:
        if not hasattr(raised, "where"):
            raise
        error = raised
    return None, error, []


def name_place(error):
    """Set `error.where` to the innermost line of the student's, `line 3: `return text.lower()``, or to ""."""
    where, function = "", ""
    for frame, line in traceback.walk_tb(error.__traceback__):
        name = frame.f_code.co_filename
        if not is_ours(name):
            where, function = f"line {line}", frame.f_code.co_qualname
            source = linecache.getline(name, line).strip()
            where += f": `{source}`" if source else ""
    try:
        error.where, error.function = where, function
    except Exception:
        pass


def is_ours(filename):
    """Whether a file is code that the student did not write: this package, Python, or an installed one."""
    if any(mark in filename for mark in CELLS):
        return False
    if filename.startswith("<frozen") or not filename.startswith("<") and not os.path.isabs(filename):
        return True
    inside = filename.startswith((PACKAGE + os.sep, *(folder + os.sep for folder in LIBRARIES)))
    return inside or "site-packages" in filename


def name_of(f, default="your function"):
    """The name of a function, fit for a sentence."""
    for attribute in ("__qualname__", "__name__"):
        try:
            name = getattr(f, attribute, None)
        except Exception:
            name = None
        if type(name) is str and len(name) <= 80:
            name = name.rpartition("<locals>.")[2]
            if all(part.isidentifier() for part in name.split(".")):
                return name
    return default


def parameter_names(f, count):
    """The names of the first parameters, where they can be known, else "argument 1" and so on."""
    unnamed = [f"argument {i + 1}" for i in range(count)]
    if hasattr(type(f), "__call_reporting__") or "inspect" not in sys.modules:
        return unnamed
    import inspect

    try:
        parameters = inspect.signature(f).parameters.values()
    except Exception:
        return unnamed
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return [names[i] if i < len(names) else unnamed[i] for i in range(count)]


def reference_names(reference, count):
    """The names of the inputs of a test's own function."""
    import inspect

    try:
        names = list(inspect.signature(reference).parameters)
    except Exception:
        names = []
    return names if len(names) == count else [f"x{i + 1}" for i in range(count)]


def unwritten(error, name):
    """The function that is not written yet: the one checked, or another exercise that it calls."""
    function = getattr(error, "function", "")
    if type(function) is not str or not function or "<" in function:
        return name
    return name if name.endswith(function.rpartition(".")[2]) else function
