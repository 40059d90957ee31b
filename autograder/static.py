"""What can be said about a notebook's code without running it: which names it needs and which it defines."""

import ast
import builtins
import re
import symtable

from autograder.cells import SOLUTION, inside, student_version

# IPython's own names, which every cell may use.
_NAMES = frozenset(dir(builtins)) | {"__name__", "__file__", "__doc__", "display", "get_ipython"}
_MAGIC = re.compile(r"(\s*)([%!].*)")


def without_magics(source):
    """The source with IPython's line magics replaced by `pass`, and all of a cell magic's cell."""
    if source.lstrip().startswith("%%"):
        return "pass"
    lines = []
    for line in source.split("\n"):
        match = _MAGIC.fullmatch(line)
        lines.append(match[1] + "pass" if match else line)
    return "\n".join(lines)


def parsed(source):
    """The syntax tree of a cell. Raises SyntaxError."""
    return ast.parse(without_magics(source))


def defined_names(source):
    """The functions, classes and variables that a cell defines at its top level, in order; no imports."""
    names = []
    for node in parsed(source).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.append(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names += [n.id for target in targets for n in ast.walk(target) if isinstance(n, ast.Name)]
    return tuple(dict.fromkeys(names))


def imported_names(source):
    """The names that a cell's imports at top level bind."""
    names = set()
    for node in parsed(source).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            names |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    return names


def free_names(source):
    """The names that a cell uses and neither defines nor imports; builtins are not among them."""
    top = symtable.symtable(without_magics(source), "<cell>", "exec")
    own = {s.get_name() for s in top.get_symbols() if s.is_assigned() or s.is_imported()}
    used = set()

    def walk(table):
        for symbol in table.get_symbols():
            if table is top or symbol.is_global():
                if symbol.is_referenced():
                    used.add(symbol.get_name())
                if symbol.is_declared_global() and symbol.is_assigned():
                    own.add(symbol.get_name())
        for child in table.get_children():
            walk(child)

    walk(top)
    return used - own - _NAMES


def answer_names(answer, cells):
    """The names an answer is known by: those its stub defines, and those its visible test asks of it."""
    try:
        known = set(defined_names(student_version(answer)))
        solved = defined_names(answer.source)
        asked = set().union(
            *(free_names(c.source) for c in cells if c.role == "test" and c.name == answer.name)
        )
    except SyntaxError:
        return ()  # reported by `problems_of`
    return tuple(name for name in solved if name in known or name in asked)


def imports_of(source, module):
    """The line numbers on which a cell imports a module or something of it."""
    lines = []
    for node in ast.walk(parsed(source)):
        if isinstance(node, ast.Import) and any(a.name.split(".")[0] == module for a in node.names):
            lines.append(node.lineno)
        elif (
            isinstance(node, ast.ImportFrom)
            and not node.level
            and (node.module or "").split(".")[0] == module
        ):
            lines.append(node.lineno)
    return lines


def problems_of(source):
    """Everything that is wrong with the code of a source, one line each: what, where, and what to do."""
    problems, answered, given, broken = [], set(), {}, set()
    torch_allowed = any(cell.torch for cell in source.cells)
    for cell in source.cells:
        if cell.type != "code" or (cell.role in ("test", "hidden") and cell.name in broken):
            continue
        found = _syntax(cell)
        if found and cell.role == "answer":
            broken.add(cell.name)  # one complaint is enough: its tests are not looked at
        if not found and cell.role in ("test", "hidden"):
            found = _closed(cell, answered, given) + _silent(cell)
        elif not found and cell.role == "answer":
            found = (
                []
                if cell.torch
                else _no_torch(cell, "the answer is NumPy only; put torch=true into its header")
            )
            answered |= set(defined_names(cell.source))
        elif not found and cell.role == "given":
            if not torch_allowed:
                found = _no_torch(cell, "no exercise of this notebook allows PyTorch; make it a figure cell")
            given |= dict.fromkeys({*imported_names(cell.source), *defined_names(cell.source)}, cell.name)
        problems += [f"{source.path}:{cell.line}: {cell.id}: {problem}" for problem in found]
    return problems


def _syntax(cell):
    if cell.role == "answer" and not any(line.strip() for line in inside(cell.source, SOLUTION)):
        return ["there is nothing between ### BEGIN SOLUTION and ### END SOLUTION."]
    versions = {"": cell.source}
    if cell.role == "answer":
        versions["without its solution, "] = student_version(cell)
    for words, text in versions.items():
        try:
            parsed(text)
        except SyntaxError as error:
            return [f"{words}line {error.lineno} is not Python: {error.msg}."]
    if cell.role in ("test", "hidden") and without_magics(cell.source) != cell.source:
        return ["a test is plain Python; it runs outside of IPython, so leave % and ! commands out."]
    return []


def _closed(cell, answered, given):
    problems = []
    for name in sorted(free_names(cell.source) - answered):
        where = f"; it comes from the given cell {given[name]!r}" if name in given else ""
        problems.append(
            f"{name!r} is not defined in this cell, nor by an answer above it{where}. "
            "A test runs in a process of its own: import it or define it here."
        )
    return problems


def _silent(cell):
    problems = []
    tree = parsed(cell.source)
    last = tree.body[-1] if tree.body else None
    if isinstance(last, ast.Expr) and not _ends_quietly(last.value):
        problems.append(
            "it ends in a value, which nbgrader takes for partial credit; end it with check.passed()."
        )
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node) in ("sys.stderr", "warnings.warn"):
            problems.append(
                f"line {node.lineno} uses {ast.unparse(node)}; nbgrader gives no points when a test "
                "writes to stderr, so print to stdout or leave it out."
            )
    return problems


def _ends_quietly(value):
    """Whether an expression is a call such as check.passed() or print(...), whose value is None."""
    if not isinstance(value, ast.Call):
        return False
    name = value.func.attr if isinstance(value.func, ast.Attribute) else getattr(value.func, "id", "")
    return name in ("print", "passed")


def _no_torch(cell, advice):
    return [f"line {line} imports torch, but {advice}." for line in imports_of(cell.source, "torch")]
