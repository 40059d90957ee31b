"""Answers to roll_die."""
from bank import right, wrong

right("loop", '''
def roll_die(probs, u):
    total, last = 0.0, None
    for face, p in enumerate(probs):
        total += p
        if p > 0:
            last = face
        if u < total:
            return face
    return last
''')
right("argmax_of_cumsum", '''
def roll_die(probs, u):
    probs = np.asarray(probs, dtype=float)
    above = np.cumsum(probs) > u
    return np.argmax(above) if above.any() else np.flatnonzero(probs)[-1]
''')
right("bisect", '''
import bisect, itertools
def roll_die(probs, u):
    possible = [i for i, p in enumerate(probs) if p > 0]
    face = bisect.bisect_right(list(itertools.accumulate(probs[i] for i in possible)), u)
    return possible[min(face, len(possible) - 1)]
''')
wrong("argmax", "the likeliest face, whatever u is", '''
def roll_die(probs, u):
    return int(np.argmax(probs))
''', names="not rolled")
wrong("uniform", "all faces equally likely", '''
def roll_die(probs, u):
    return int(u * len(probs))
''', names="equally likely")
wrong("left", "takes the lower face at the border", '''
def roll_die(probs, u):
    return min(int(np.searchsorted(np.cumsum(probs), u, side="left")), int(np.flatnonzero(probs)[-1]))
''', names="face")
wrong("from_one", "counts the faces from 1", '''
def roll_die(probs, u):
    return min(int(np.searchsorted(np.cumsum(probs), u, side="right")), int(np.flatnonzero(probs)[-1])) + 1
''', names="counted from 1")
wrong("one_before", "the face before the right one", '''
def roll_die(probs, u):
    return int(np.searchsorted(np.cumsum(probs), u, side="right")) - 1
''', names="before")
wrong("past_the_end", "a face that does not exist when u is near 1", '''
def roll_die(probs, u):
    return int(np.searchsorted(np.cumsum(probs), u, side="right"))
''', names="does not exist")
wrong("none_at_the_end", "returns None when the sum is rounded down", '''
def roll_die(probs, u):
    total = 0.0
    for face, p in enumerate(probs):
        total += p
        if u < total:
            return face
''', names="None")
wrong("last_face", "the last face though it is impossible", '''
def roll_die(probs, u):
    total = 0.0
    for face, p in enumerate(probs):
        total += p
        if u < total:
            return face
    return len(probs) - 1
''', names="though its probability is 0")
wrong("less_or_equal", "u <= sum: an impossible first face at u = 0", '''
def roll_die(probs, u):
    total = 0.0
    for face, p in enumerate(probs):
        total += p
        if u <= total:
            return face
    return max(i for i, p in enumerate(probs) if p)
''', names="face")
wrong("own_random_number", "rolls with a number of its own", '''
import random
def roll_die(probs, u):
    return random.choices(range(len(probs)), probs)[0]
''')
wrong("probability", "returns the probability of the face", '''
def roll_die(probs, u):
    return float(probs[min(int(np.searchsorted(np.cumsum(probs), u, side="right")), len(probs) - 1)])
''', names="probability of the face")
wrong("sorts_first", "sorts the probabilities", '''
def roll_die(probs, u):
    probs = sorted(probs, reverse=True)
    return min(int(np.searchsorted(np.cumsum(probs), u, side="right")), len(probs) - 1)
''')
wrong("sorts_upwards", "sorts the probabilities, the smallest first", '''
def roll_die(probs, u):
    probs = sorted(probs)
    return min(int(np.searchsorted(np.cumsum(probs), u, side="right")), len(probs) - 1)
''', names="sorted first")
wrong("right_to_left", "lays the rods from right to left", '''
def roll_die(probs, u):
    return max(len(probs) - 1 - int(np.searchsorted(np.cumsum(probs[::-1]), u, side="right")), 0)
''', names="from right to left")
wrong("clips_to_the_last_face", "clips to the last face though it is impossible", '''
def roll_die(probs, u):
    return min(int(np.searchsorted(np.cumsum(probs), u, side="right")), len(probs) - 1)
''', names="though its probability is 0")
