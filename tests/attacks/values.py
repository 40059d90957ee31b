"""Values that an answer may return in place of the right one: liars, monsters and things that are no values."""

from . import in_cell

RETURNED = {
    "equals everything": "class E(dict):\n    def __eq__(s, o): return True\n    def __ne__(s, o): return False\n    __hash__ = None",
    "a plain object that equals everything": "class E:\n    def __eq__(s, o): return True\n    def __hash__(s): return 0",
    "a lying array": "class E(np.ndarray):\n    def __new__(c): return np.zeros(3).view(c)\n    def __eq__(s, o): return np.array(True)\n    def __array__(s, *a, **k): return np.ones(3)",
    "an array of objects": "class O:\n    def __eq__(s, o): return True\ndef E(): return np.array([O(), O()], dtype=object)",
    "an array that holds itself": "def E():\n    x = np.empty(1, object)\n    x[0] = x\n    return x",
    "a structured array": "def E(): return np.zeros(2, [('a', int), ('b', float)])",
    "an array of dates": "def E(): return np.zeros(2, 'M8[s]')",
    "a masked array": "def E(): return np.ma.masked_all(3)",
    "a type whose class lies": "class E:\n    __class__ = dict\n    def items(s): return [('a', 2), ('b', 1)]\n    def __getitem__(s, k): return {'a': 2, 'b': 1}[k]",
    "a dictionary of lies": "class I(int):\n    def __eq__(s, o): return True\n    __hash__ = int.__hash__\ndef E(): return {'a': I(7), 'b': I(9)}",
    "a dictionary that shows other items than it has": "class E(dict):\n    def items(s): return [('a', 2), ('b', 1)]\n    def __iter__(s): return iter('ab')\n    def __getitem__(s, k): return {'a': 2, 'b': 1}[k]\n    def __len__(s): return 2",
    "a dictionary with a default for all": "class E(dict):\n    def __missing__(s, k): return 1",
    "a string that equals everything": "class E(str):\n    def __eq__(s, o): return True\n    __hash__ = str.__hash__",
    "an object with every attribute": "class E:\n    def __getattr__(s, n): return s\n    def __call__(s, *a, **k): return s\n    def __iter__(s): return iter([s])\n    def __len__(s): return 1",
    "an object whose attributes kill": "import os\nclass E:\n    def __getattribute__(s, n): os._exit(0)\n    def __len__(s): os._exit(0)\n    def __repr__(s): os._exit(0)",
    "an object whose representation never ends": "class E:\n    def __repr__(s):\n        while True: pass",
    "an object whose representation nests too deeply": "class E:\n    def __repr__(s): return repr([s])",
    "a class with a name of a million letters": "E = type('x' * 1_000_000, (), {})",
    "a class with a name of another script": "E = type('‮𝖽𝗂𝖼𝗍</pre><script>', (), {})",
    "endless generator": "def E():\n    while True: yield 1",
    "itself nested": "def E():\n    x = []\n    x.append(x)\n    return x",
    "deeply nested": "def E():\n    x = 1\n    for _ in range(100000): x = [x]\n    return x",
    "enormous list": "def E(): return [0] * 50_000_000",
    "enormous array": "def E(): return np.zeros(12_000_000)",
    "an empty array of enormous shape": "def E(): return np.empty((2 ** 31 - 1, 0))",
    "an array of many dimensions": "def E(): return np.zeros((1,) * 60)",
    "hundreds of thousands of arrays": "def E(): return [np.zeros(0)] * 300_000",
    "a long string": "def E(): return 'x' * 20_000_000 + '\\U0001f600'",
    "keys without end": "def E(): return {i: i for i in range(600_000)}",
    "enormous integer": "def E(): return 1 << 100_000_000",
    "integer with too many digits to print": "def E(): return {'a': 10 ** 5000, 'b': 1}",
    "lone surrogate": "def E(): return {'\\ud800': 2, 'b': 1}",
    "letters that look like others": "def E(): return {'а': 2, 'b': 1}",
    "letters of another width": "def E(): return {'ａ': 2, 'b': 1}",
    "numbers that are nearly right": "def E(): return {'a': 2.0000001, 'b': 1}",
    "complex numbers": "def E(): return {'a': 2 + 1e-30j, 'b': 1}",
    "a fraction": "from fractions import Fraction\ndef E(): return {'a': Fraction(2), 'b': Fraction(1)}",
    "a second key of the same value": "class K(str):\n    def __eq__(s, o): return s is o\n    __hash__ = str.__hash__\ndef E(): return {K('a'): 2, K('a'): 7, 'b': 1}",
    "not a number": "def E(): return {'a': float('nan'), 'b': float('inf')}",
    "a class": "E = lambda: dict",
    "a module": "E = lambda: np",
    "itself": "E = lambda: count_words",
    "IPython": "E = lambda: get_ipython()",
    "a coroutine": "async def E(): return {'a': 2, 'b': 1}",
    "none": "E = lambda: None",
    "the builtin": "E = lambda: NotImplemented",
    "colliding keys": "def E(): return {i * (2 ** 61 - 1): 0 for i in range(3000)}",
    "an object that cannot be pickled or copied": "class E:\n    def __reduce__(s): return eval, ('1 / 0',)\n    __copy__ = __deepcopy__ = __reduce_ex__ = lambda *a: 1 / 0",
}

ERRORS = "SystemExit(0)|KeyboardInterrupt|GeneratorExit|StopIteration|StopAsyncIteration|BaseException('x')|MemoryError|RecursionError|AssertionError('passed')|TimeoutError|EOFError|ConnectionError|NotImplementedError|ExceptionGroup('x' * 10 ** 6, [ValueError('x' * 10 ** 6)] * 100)|ValueError('x' * 50_000_000)|KeyError(*range(100_000))|ValueError('\\ud800\\0\\x1b[2J')|SyntaxError('x', ('/etc/passwd', 1, 1, 'x'))|UnicodeDecodeError('x', b'', 0, 1, 'x')".split("|")

# Classes of exceptions that mean something to whoever catches them.
CLASSES = {
    "cannot be printed": "class E(Exception):\n    def __str__(s): raise SystemExit\n    __repr__ = __str__",
    "prints for ever": "class E(Exception):\n    def __str__(s):\n        while True: pass",
    "has the judge's name": "class AnswerLost(BaseException): limit = detail = ''\nE = AnswerLost",
    "has the output's limit's name": "class OutputLimit(BaseException): pass\nE = OutputLimit",
    "has the check's name": "class CheckFailed(AssertionError): public = 'passed'; mistake = None\nE = CheckFailed",
    "is every exception at once": "class E(KeyError, AttributeError, ValueError, StopIteration): pass",
    "has a cause that is itself": "class E(Exception): pass\ne = E()\ne.__cause__ = e.__context__ = e\ndef E(): return e",
    "has a traceback of a thousand frames": "class Deep(Exception): pass\ndef E(n=900): return E(n - 1) if n else 1 / 0",
}

ATTACKS = [
    *in_cell("returns", {name: f"import numpy as np\n{made}\ndef count_words(tokens): return E()" for name, made in RETURNED.items()}),
    *in_cell("raises", {error[:50]: f"def count_words(tokens): raise {error}" for error in ERRORS}),
    *in_cell("raises what", {name: f"{made}\ndef count_words(tokens): raise E()" for name, made in CLASSES.items()}),
]
