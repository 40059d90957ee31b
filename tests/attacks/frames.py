"""Frames that no honest answer sends. A room's socket is its own, so what comes over it is a claim at most."""

from . import SEND, WRONG, Attack, function, in_cell, when_called

RIGHT = "[4, 'a', 2, 'b', 1]"  # the visible test's expected value, as it would cross

WRITTEN = {
    "garbage": "os.write(3, b'\\xff' * 64)",
    "enormous length": "os.write(3, (1 << 60).to_bytes(8, 'big'))",
    "negative length": "os.write(3, b'\\xff' * 8)",
    "a length of nothing": "os.write(3, bytes(8))",
    "half a frame": "os.write(3, (1000).to_bytes(8, 'big') + b'x')",
    "a byte at a time": "import time\nfor b in (100).to_bytes(8, 'big') + b'x' * 100: os.write(3, bytes([b])); time.sleep(0.05)",
    "a closed socket": "os.close(3)",
    "another file in its place": "os.dup2(os.open('/dev/zero', os.O_RDONLY), 3)",
    "what it was sent": "import socket\nsocket.socket(fileno=3).setblocking(False)\nos.read(3, 10)",
    "a reply without a tag": "send(raw=msgpack.packb(['ok', {'a': 2, 'b': 1}]))",
    "a forged verdict": "send('passed')",
    "another forged verdict": "send('ok', 'passed', 3, 3)",
    "a verdict as an error": "send('error', [4, 'kind', 'passed', 'base', 'NotImplementedError', 'mistake', 'none', 'public', 'passed'])",
    "a call of nothing": "send('call', 99, [0], [4])",
    "a call of the last function": "send('call', -1, [0], [4])",
    "a call by truth": "send('call', True, [0], [4])",
    "a call by a fraction": "send('call', 0.5, [0], [4])",
    "a call by a list": "send('call', [0], [0], [4])",
    "a call with half its arguments": "send('call', 0)",
    "a value of nobody": "send('ok', [9, 'nobody', 0])",
    "a value of the judge": "send('ok', [0, [9, 'judge', 0], [0]])",
    "a reference with words for a number": "send('ok', [9, 'answer', '9' * 5000, 'x', True])",
    "a reference without a number": "send('ok', [9, 'answer'])",
    "a map": "send(raw=b'\\x81\\xa2ok\\x01')",
    "an extension": "send('ok', msgpack.ExtType(5, b'x'))",
    "a timestamp": "send('ok', msgpack.Timestamp(1, 1))",
    "brackets without end": "send(raw=b'\\x91' * 3_000_000)",
    "a list said to be enormous": "send(raw=b'\\xdd\\xff\\xff\\xff\\xff')",
    "a string said to be enormous": "send(raw=b'\\xdb\\xff\\xff\\xff\\xff')",
    "empty lists by the million": "send('ok', *[[0]] * 3_000_000)",
    "an array of objects": "send('ok', [5, '|O8', 1, bytes(8)])",
    "an array of another size": "send('ok', [5, '<f8', 1000, bytes(8)])",
    "an array of negative size": "send('ok', [5, '<f8', -1, bytes(8)])",
    "an array of a broken shape": "send('ok', [5, '<f8', 0.5, 2, bytes(8)])",
    "an array of a broken type": "send('ok', [5, '<f3', 1, bytes(3)])",
    "an array of enormous shape": "send('ok', [0, [5, '<f8', 2 ** 31 - 1, 0, b''], [0]])",
    "a tensor": "send('ok', [0, [10, '<f8', 0, b''], [0]])",
    "an unhashable key": "send('ok', [0, [4, [0], 1], [0]])",
    "an enormous integer": "send('ok', [0, [7, b'\\x7f' * 30_000_000], [0]])",
    "half a dictionary": "send('ok', [0, [4, 'a'], [0]])",
    "a result without changes": "send('ok', [0, 1])",
    "a result with changes that are none": "send('ok', [0, 1, 5])",
}

# Keys whose hashes an answer can foresee, so that it can make them collide, in the judge alone.
FORESEEN = "keys = [i << 20 for i in range(60_000)]\n"
COLLIDING = {
    "a dictionary": "send('ok', [0, [4, *[x for key in keys for x in (key, None)]], [0]])",
    "a set": "send('ok', [0, [2, *keys], [0]])",
    "many sets": "send('ok', [0, [0, *[[2, *keys[i : i + 40]] for i in range(0, 60_000, 40)]], [0]])",
    "tuples": "send('ok', [0, [2, *[[1, 'x', key] for key in keys]], [0]])",
}

# Written when the function is called, these are the reply to the call, and true; the reply that follows is one too many.
CLAIMED = {
    "the right value, and another": f"send('ok', [0, {RIGHT}, [0]])\nreturn 'wrong'",
    "the right value three times": f"for _ in range(3): send('ok', [0, {RIGHT}, [0]])",
}

# A cell that answers for itself and leaves.
FORGED = {
    "an integer of 5,000 digits": "'ok', [4, 'stdout', [7, b'\\x7f' * 2500]]",
    "an enormous output": "'ok', [4, 'stdout', 'x' * 30_000_000, 'stderr', 'y' * 30_000_000]",
    "an output that is a proxy": "'ok', [4, 'stdout', [9, 'answer', 0, 'x', True]]",
    "an output that steers a terminal": "'ok', [4, 'stdout', '\\x1b]0;x\\x07\\u202e</script>']",
    "an error of numbers": "'ok', [4, 'error', [4, 'kind', 5, 'message', [7, b'\\x7f' * 2500]]]",
    "an error without end": "'error', [4, 'kind', 'x' * 20_000_000, 'message', 'y' * 20_000_000]",
    "an error that is a list": "'error', [0, 1, 2]",
    "an unknown reply": "'passed'",
    "nothing": "",
}

ATTACKS = [
    *when_called("writes when called", {name: f"{body}\nreturn 'wrong'" for name, body in WRITTEN.items()}, before=SEND),
    *in_cell("writes while its cell runs", {name: f"{WRONG}\n{SEND}{body}" for name, body in WRITTEN.items()}),
    *when_called("returns colliding keys:", COLLIDING, before=SEND + FORESEEN, says="more than 50,000 keys"),
    *when_called("claims", CLAIMED, before=SEND),
    *in_cell("answers for itself and leaves", {name: f"{SEND}send({reply})\nos._exit(0)" for name, reply in FORGED.items()}),
    Attack("answers before it is asked", {"count_words": f"{SEND}{function('return 0')}\nfor _ in range(3): send('ok', [0, {RIGHT}, [0]])"}),
]
