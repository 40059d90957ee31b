"""Cells and answers that end badly, or never: each costs its own exercise, whatever it takes down."""

from . import COUNT, ENTROPY, FULL, WRONG, Attack, in_cell, when_called

ENDS = {
    "exit": "import os; os._exit(0)",
    "sys.exit": "import sys; sys.exit(0)",
    "quit": "quit()",
    "abort": "import os; os.abort()",
    "segfault": "import ctypes; ctypes.string_at(1)",
    "kill": "import os, signal; os.kill(os.getpid(), signal.SIGKILL); os._exit(1)",
    "loop": "while True: pass",
    "deaf loop": "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
    "loop in C": "'a' * 40 in [0] or __import__('re').match('(a+)+b', 'a' * 40)",
    "sleep": "import time; time.sleep(1000)",
    "a lock taken twice": "import threading; l = threading.Lock(); l.acquire(); l.acquire()",
    "waiting for a signal": "import signal; signal.pause()",
    "waiting for itself": "import os; os.read(os.pipe()[0], 1)",
    "alarm ignored": "import signal; signal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass",
    "print flood": "while True: print('y' * 10_000)",
    "print flood, deaf": "while True:\n    try: print('y' * 10_000)\n    except BaseException: pass",
    "error flood": "import sys\nwhile True: sys.stderr.write('y' * 10_000)",
    "memory": "x = []\nwhile True: x.append(bytearray(1 << 24))",
    "disk": "f = open('big', 'wb')\nwhile True: f.write(b'x' * (1 << 20))",
    "threads": "import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(99,)).start()",
    "fork bomb": "import os\nwhile True: os.fork()",
    "daemon": "import os\nif os.fork() == 0: os.setsid()\nraise SystemExit",
    "recursion": "def f(): f()\nf()",
    "recursion without bounds": "import sys\nsys.setrecursionlimit(10 ** 9)\ndef f(): f()\nf()",
    "recursion in C": "import functools\nf = lambda: 0\nfor _ in range(10 ** 6): f = functools.partial(f)\nf()",
    "no more memory allowed": "import resource; resource.setrlimit(resource.RLIMIT_AS, (0, 0)); x = bytearray(1 << 24)",
    "no more files allowed": "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0)); open('x', 'w')",
    "all descriptors closed": "import os; os.closerange(0, 100); os._exit(0)",
}

# What a cell leaves behind, to strike when its own test is over; the answer to entropy is honest and has its own room.
LEFT_BEHIND = {
    "a thread that computes": "import threading\ndef spin():\n    while True: pass\nthreading.Thread(target=spin, daemon=True).start()",
    "an alarm": "import signal\nsignal.signal(signal.SIGALRM, lambda *a: 1 / 0); signal.setitimer(signal.ITIMER_REAL, 30)",
    "a destructor": "import os\nclass D:\n    def __del__(s): os._exit(0)\nd = D()",
    "an object that dies when it is looked at": "class D:\n    def __repr__(s): raise SystemExit\nd = _ = __ = Out = In = D()",
}
STRIKES = "import threading, os, time\ndef later():\n    while 'entropy' not in globals(): time.sleep(0.01)\n    os._exit(0)\nthreading.Thread(target=later, daemon=True).start()"

ATTACKS = [
    *in_cell("ends its cell", ENDS),
    *when_called("ends its call", {name: f"{end}\nreturn 0" for name, end in ENDS.items()}),
    *in_cell("leaves", {name: f"{WRONG}\n{left}" for name, left in LEFT_BEHIND.items()}),
    *in_cell("leaves, but answers well,", {name: f"{COUNT}\n{left}" for name, left in LEFT_BEHIND.items()}, score=FULL),
    # The next answer gives the thread the time to strike: who is first must not be chance.
    Attack("leaves a thread that ends the next exercise", {"count_words": f"{WRONG}\n{STRIKES}", "entropy": f"{ENTROPY}\nimport time; time.sleep(1)"}, score=0),
    Attack("runs before every answer, and ends", edit=lambda cells: [{**cells[-1], "cell_type": "code", "id": "own", "metadata": {}, "outputs": [], "execution_count": None, "source": "import os; os._exit(0)"}, *cells], score=FULL),
    Attack("loops in a cell of its own", edit=lambda cells: [*cells[:2], {**cells[1], "cell_type": "code", "id": "own", "metadata": {}, "outputs": [], "execution_count": None, "source": "while True: pass"}, *cells[2:]], score=FULL),
]
