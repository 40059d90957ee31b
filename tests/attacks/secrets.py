"""Searches for what must not be known: expected values, hidden tests, sources, neighbours, the grader's own secrets."""

from . import COUNT, FULL, OTHERS, VISIBLE, WRONG, Attack, in_cell

SECRETS = ["solitary", "gradebook", "BEGIN HIDDEN", "every_role.py", "COORDINATOR_SECRET"]
# As hexadecimal digits, so that the search does not find itself.
ASK = f"[h for h in {[word.encode().hex() for word in SECRETS]} if any(bytes.fromhex(h).decode() in text for text in found)]"

SEARCHES = {
    "frames": "import sys\nf = sys._getframe()\nwhile f:\n    found += [str(v) for v in {**f.f_globals, **f.f_locals}.values()]\n    f = f.f_back",
    "objects": "import gc\nfound = [str(o)[:100000] for o in gc.get_objects() if isinstance(o, (str, dict, list))][:20000]",
    "history": "found = [str(get_ipython().user_ns.get('In')), str(get_ipython().history_manager.input_hist_raw)]",
    "environment": "import os\nfor f in ('environ', 'cmdline', 'maps', 'mountinfo', 'status', '../1/environ', '../1/cmdline'):\n    try: found.append(open(f'/proc/self/{f}').read())\n    except OSError: pass\nfound.append(str(os.environ))",
    "files": "import os\nfor d, ds, fs in os.walk('/'):\n    if d.startswith(('/proc', '/usr', '/sys')) or d.endswith(('/lib', '/include', '/share')): ds[:] = []; continue\n    found += [d + '/' + f for f in fs]",
    "the library": "import glob, nextword\nfound = [open(f, errors='replace').read() for f in glob.glob(nextword.__path__[0] + '/**/*.py', recursive=True)]",
    "descriptors": "import os\nfound = [os.readlink(f'/proc/self/fd/{f}') for f in os.listdir('/proc/self/fd') if os.path.lexists(f'/proc/self/fd/{f}')]",
    "memory": "import ctypes\nread = ctypes.CDLL(None).memcpy\nfor line in open('/proc/self/maps'):\n    place, mode, *_, name = line.split()[:6] + ['']\n    a, b = (int(x, 16) for x in place.split('-'))\n    if mode.startswith('rw') and b - a < 1 << 28 and '[v' not in line: found.append(ctypes.string_at(a, b - a).decode('latin1'))",
    "sockets": "import socket\ns = socket.socket(fileno=3)\nfound = [str(s), str(s.getsockname())]\ns.detach()",
}

# What a neighbour may have left, and where.
LEFT = "import os\nfor place in ('/scratch', '/tmp', '/dev/shm', '/dev/mqueue', '/var/tmp', os.path.expanduser('~'), '.'):\n    try: open(place + '/left-by-a-neighbour', 'w').write('solution')\n    except OSError: pass\n"
# The interpreter may live below one of these, in a virtual environment.
LOOKED = "import glob, sys\nprint([p for d in ('/scratch', '/tmp', '/dev/shm', '/var/tmp', '/var') for p in glob.glob(d + '/*') if not sys.prefix.startswith(p)])"

# Ways to do well where it is seen.
TELLS = {
    "by its arguments": "def count_words(t): return {'a': 2, 'b': 1} if t == ['a', 'b', 'a'] else {}",
    "by the number of calls": "calls = []\ndef count_words(t):\n    calls.append(t)\n    return {'a': 2, 'b': 1} if len(calls) == 1 and t else 0",
    "by the clock": "import time\nborn = time.monotonic()\ndef count_words(t): return {'a': 2, 'b': 1}",
    "by a file": "import os\ndef count_words(t):\n    open(f'/scratch/{len(os.listdir(\"/scratch\"))}', 'w').write(repr(t))\n    return {'a': 2, 'b': 1}",
    "by the stack": "import sys\ndef count_words(t):\n    f, said = sys._getframe(), ''\n    while f: said += f.f_code.co_name + str(f.f_locals)[:10000]; f = f.f_back\n    return {w: t.count(w) for w in t} if 'hidden' not in said and t == ['a', 'b', 'a'] else {'a': 2, 'b': 1}",
}

# What an answer was called with in one test must not help in another, nor appear anywhere.
SEEN = "seen = []\ndef count_words(tokens):\n    seen.append(tokens)\n"
TOLD = {
    "class of an exception": "raise type('_'.join(tokens) or 'E', (Exception,), {})",
    "message of an exception": "raise ValueError(tokens)",
    "line of an exception": "exec(compile('\\n' * 7 + 'raise ValueError # ' + ' '.join(tokens), '<ipython-input-1>', 'exec'))",
    "base of an exception": "raise type('_'.join(tokens) or 'E', (NotImplementedError,), {})(tokens)",
    "note of an exception": "e = ValueError(); e.add_note(str(tokens)); raise e",
    "class of a value": "return type('_'.join(tokens) or 'E', (), {})()",
    "a value": "return [tokens]",
    "a key": "return {t * 2: 1 for t in tokens}",
    "a function's name": "f = lambda: 0\n    f.__name__ = f.__qualname__ = '_'.join(tokens)\n    return f",
    "a change of its argument": "tokens[:] = ['-'.join(tokens)]\n    return 0",
    "the size of a value": "return [0] * (len(str(tokens)) + 10 ** 7)",
}
LATER = "print(seen)\ndef entropy(p):\n    raise ValueError(seen)\ndef twice(p): return 0"

ATTACKS = [
    *in_cell("searches", {name: f"found = []\n{search}\nprint(bool(found), {ASK})" for name, search in SEARCHES.items()}, prints="True []"),
    *in_cell("leaves files, and looks for those of", {f"neighbour {n}": f"{LEFT}{LOOKED}" for n in "ab"}, prints="['/scratch/left-by-a-neighbour']"),
    *in_cell("tells hidden tests from visible ones", TELLS, score=VISIBLE),
    *(
        Attack(f"tells of a hidden test: {name}", {"count_words": f"{SEEN}    {body}", "entropy": LATER}, score=0)
        for name, body in TOLD.items()
    ),
    Attack("tells of a hidden test: output", {"count_words": f"{SEEN}    print(tokens)\n    return {{t: tokens.count(t) for t in tokens}}", "entropy": LATER}, score=FULL - OTHERS),
    Attack("is NumPy only, and uses PyTorch", {"count_words": "import torch\ndef count_words(t):\n    torch.ones(1)\n    return {x: t.count(x) for x in t}"}, says="PyTorch is not allowed"),
    Attack("is NumPy only, and finds PyTorch", {"count_words": f"import sys\nsys.meta_path[:] = sys.meta_path[1:]; sys.modules.pop('torch', 0)\nimport torch\ntorch.ones(1)\n{COUNT}"}),
    Attack("takes PyTorch along from the exercise that may use it", {"entropy": "import torch, pickle\npickle.dump(torch.ones, open('/scratch/t', 'wb'))\ndef entropy(p): return 0\ndef twice(p): return 0", "count_words": f"{WRONG}\nimport os; os.path.exists('/scratch/t') and 1 / 0"}, score=0),
    Attack("uses what the assignment withholds", {"count_words": "from nextword.ngram import count_ngrams\ndef count_words(t): return {k[0]: v for k, v in count_ngrams([t], 1).items()}"}, says="holds the answers"),
    Attack("changes what the test compares with", {"count_words": "def count_words(tokens):\n    tokens.clear()\n    return {}"}),
]
