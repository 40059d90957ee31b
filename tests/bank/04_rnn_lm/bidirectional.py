"""Answers to bidirectional."""
from bank import right, wrong

RIGHT = '''
def bidirectional(x, lengths, forward, backward):
    def reverse(rows):
        rows = np.array(rows)
        for row, n in zip(rows, lengths):
            row[:n] = row[:n][::-1].copy()
        return rows

    h = np.concatenate([forward(x), reverse(backward(reverse(x)))], axis=2)
    for row, n in zip(h, lengths):
        row[n:] = 0
    return h
'''

right("loops", RIGHT)
right("sentence_by_sentence", '''
def bidirectional(x, lengths, forward, backward):
    rows = []
    for row, n in zip(x, lengths):
        words = row[None, :n]
        h = np.concatenate([forward(words)[0], backward(words[:, ::-1])[0][::-1]], axis=1)
        rows.append(np.concatenate([h, np.zeros((len(row) - n, h.shape[1]))]))
    return np.stack(rows)
''')
wrong("not_reversed", "the backward network reads to the right", RIGHT.replace("reverse(backward(reverse(x)))", "backward(x)"),
      names="reads from left to right")
wrong("not_put_back", "the backward states are in reversed order", RIGHT.replace("reverse(backward(reverse(x)))", "backward(reverse(x))"),
      names="not put back into the order")
wrong("padding_first", "whole rows are turned around", RIGHT.replace("reverse(backward(reverse(x)))", "backward(x[:, ::-1])[:, ::-1]"),
      names="reads the padding first")
wrong("turned_in_whole_rows", "reversed within lengths, put back in whole rows",
      RIGHT.replace("reverse(backward(reverse(x)))", "backward(reverse(x))[:, ::-1]"), names="turned around in whole rows")
wrong("batch_reversed", "the sentences are reversed, not the words", RIGHT.replace("reverse(backward(reverse(x)))", "backward(x[::-1])[::-1]"),
      names="reads from left to right")
wrong("forward_twice", "one network for both directions", RIGHT.replace("backward(reverse", "forward(reverse"), names="the forward network is used for both")
wrong("added", "the sum of the states", RIGHT.replace("np.concatenate([forward(x), reverse(backward(reverse(x)))], axis=2)",
                                                     "forward(x) + reverse(backward(reverse(x)))"), names="the two states are added")
wrong("backward_first", "the wrong order", RIGHT.replace("[forward(x), reverse(backward(reverse(x)))]", "[reverse(backward(reverse(x))), forward(x)]"),
      names="the backward network stands first")
wrong("padding_not_zero", "padding is not zero", RIGHT.replace("row[n:] = 0", "pass"), names="not 0 at padding")
wrong("along_time", "joined along the time axis", RIGHT.replace("axis=2", "axis=1"))
