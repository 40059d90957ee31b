"""What tests and notebooks stand on, replaced by something kinder. None of it is where tests run."""

from . import WRONG, Attack, in_cell

REPLACED = {
    "numpy.testing": "import numpy.testing as t\nfor n in dir(t):\n    if n.startswith('assert'): setattr(t, n, lambda *a, **k: None)",
    "numpy's comparisons": "import numpy as np\nnp.allclose = np.array_equal = np.isclose = lambda *a, **k: True",
    "checks": "import sys, types\nm = types.ModuleType('nextword.checks')\nm.of = lambda *a, **k: None\nsys.modules['nextword.checks'] = m",
    "torch": "import sys\nclass T:\n    def __getattr__(s, n): return T()\n    def __call__(s, *a, **k): return T()\nsys.modules['torch'] = T()",
    "AssertionError": "import builtins\nbuiltins.AssertionError = Warning",
    "IPython's exception handler": "get_ipython().set_custom_exc((Exception,), lambda *a, **k: None)",
    "IPython's displays": "import sys\nip = get_ipython()\nip.displayhook = sys.displayhook = lambda *a: None\nip.display_formatter = None",
    "IPython's magics": "from IPython.core.magic import register_cell_magic, register_line_magic\n@register_line_magic\ndef time(line): return 'passed'\n@register_cell_magic\ndef capture(line, cell): pass",
    "IPython's namespace": "ip = get_ipython()\nip.user_ns['check'] = ip.user_ns['checks'] = ip.user_global_ns['points'] = 1000",
    "exit handlers": "import atexit, os\natexit.register(lambda: os._exit(0))",
    "traces": "import sys\nsys.settrace(lambda *a: None); sys.setprofile(lambda *a: None)",
    "random generators": "import random, numpy as np\nrandom.random = lambda: 0.5\nrandom.seed = np.random.seed = lambda *a: None\nnp.random.default_rng = lambda *a: None",
    "an import hook": "import sys\nclass Finder:\n    def find_spec(self, *a): raise SystemExit\nsys.meta_path.append(Finder())",
    "warnings": "import warnings\nwarnings.simplefilter('error'); warnings.warn = lambda *a, **k: None",
    "a handler of signals": "import signal\nfor s in range(1, 32):\n    try: signal.signal(s, lambda *a: None)\n    except (OSError, ValueError): pass",
    "an unfinished task": "import asyncio\nasync def later():\n    while True: await asyncio.sleep(0)\nasyncio.ensure_future(later())\nawait asyncio.sleep(0.01)",
    "what reports an exception": "import sys, traceback, linecache\nsys.excepthook = traceback.print_exc = traceback.extract_tb = linecache.getline = lambda *a, **k: 'passed'",
    "gc": "import gc\ngc.disable(); gc.callbacks.append(lambda *a: 1 / 0)",
    "the names of the answer": "__name__ = 'autograder.judge'; __file__ = '/house/inside/answer.py'; PASSED = 'passed'; points = maximum = score = 1000",
}

# The room is lost over these, and the next one starts without this cell.
REPLACED |= {
    "print and len": "import builtins\nbuiltins.len = lambda x: 0\nbuiltins.print = lambda *a, **k: None\nbuiltins.isinstance = lambda *a: True",
    "msgpack": "import msgpack\nmsgpack.packb = lambda *a, **k: b'\\x92\\xa2ok\\x92\\x04\\x90'",
}

# These take down the room that they are in, and with it the answers that come later, each in its room.
DESTROYED = {
    "all names, with a magic": "get_ipython().run_cell_magic('capture', '', 'count_words = lambda t: True')\nget_ipython().run_line_magic('reset', '-f')\ncount_words = 0",
    "open and exec": "import builtins\nbuiltins.open = builtins.exec = builtins.compile = lambda *a, **k: None",
    "the import": "import builtins\nbuiltins.__import__ = lambda *a, **k: None",
    "IPython's transformers": "ip = get_ipython()\nip.input_transformers_post.append(lambda lines: ['pass'])",
    "IPython's syntax trees": "import ast\nclass Nothing(ast.NodeTransformer):\n    def visit_Module(s, n): return ast.Module([], [])\nget_ipython().ast_transformers.append(Nothing())",
    "IPython's run_cell": "get_ipython().run_cell = lambda *a, **k: None",
    "all modules": "import sys\nfor m in list(sys.modules): del sys.modules[m]",
    "the builtins": "import builtins\nfor n in list(vars(builtins)):\n    if not n.startswith('_'): delattr(builtins, n)",
}

# The machinery of the answering side itself, which a cell finds by looking for it.
FIND = "import gc, sys\nsys.setrecursionlimit(10000)\nwire, answer, shell = (sys.modules['inside.' + n] for n in ('wire', 'answer', 'shell'))\n"
INSIDE = {
    "the caller of answers": "answer.Answer.do_call = lambda *a: [{'a': 2, 'b': 1}, []]",
    "the caller of answers, with a liar": "class L(dict):\n    __eq__ = lambda *a: True\nanswer.Answer.do_call = lambda *a: [L(), []]",
    "the packer of values": "pack = wire.Codec.pack\nwire.Codec.pack = lambda s, v: pack(s, ['ok', [True, []]])",
    "the reports of exceptions": "shell.describe = answer.describe = lambda e: {'kind': 'passed', 'base': 'passed', 'mistake': 'x', 'public': 'passed', 'message': '', 'where': '', 'traceback': ''}",
    "the names": "answer.Answer.do_begin = lambda s, names: {n: {'a': 2, 'b': 1} for n in names}",
    "the names, all missing": "answer.Answer.do_begin = lambda *a: {}",
    "the names, which are no names": "answer.Answer.do_begin = lambda *a: 5",
    "the names, by a function of the test": "answer.Answer.do_begin = lambda s, names: {n: answer.Callback(s, 0) for n in names}",
    "the names, by its last function": "answer.Answer.do_begin = lambda s, names: {n: answer.Callback(s, -1) for n in names}",
    "the word that comes back": "answer.Answer.do_here = lambda *a: 'passed'",
    "the sender": "wire.Line.send = lambda *a: None",
    "the snapshots of arguments": "answer.Answer._snapshot = lambda *a: None",
}

# What it earns where that is not the 2 points of entropy: the same replaced function answers for that one.
EARNED = dict.fromkeys(INSIDE, 0) | {
    "the caller of answers": 1,  # it knows the visible test
    "the sender": 2,  # the room is lost over it
    "the word that comes back": 2,
    "the packer of values": 2,
    "the snapshots of arguments": 2,
    "the reports of exceptions": 2,
}

ATTACKS = [
    *in_cell("replaces", {name: f"{WRONG}\n{patch}" for name, patch in REPLACED.items()}),
    *in_cell("destroys", {name: f"{WRONG}\n{patch}" for name, patch in DESTROYED.items()}, score=0),
    *(
        Attack(f"replaces inside: {name}", {"count_words": f"{WRONG}\n{FIND}{patch}"}, score=EARNED[name])
        for name, patch in INSIDE.items()
    ),
]
