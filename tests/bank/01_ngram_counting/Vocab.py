"""Answers to Vocab."""
from bank import right, wrong

GOOD = '''
class Vocab:
    def __init__(self, tokens):
        self.tokens = [BOS, EOS, UNK] + sorted(set(tokens) - {BOS, EOS, UNK})
    def __len__(self): return len(self.tokens)
    def encode(self, tokens): return [self.tokens.index(t if t in self.tokens else UNK) for t in tokens]
    def decode(self, ids): return [self.tokens[i] for i in ids]
'''

right("lists", GOOD)
right("two_dictionaries", '''
class Vocab:
    def __init__(self, tokens):
        self.to_id = {}
        for token in [BOS, EOS, UNK, *sorted(tokens)]:
            self.to_id.setdefault(token, len(self.to_id))
        self.to_token = {i: t for t, i in self.to_id.items()}
    def __len__(self):
        return len(self.to_id)
    def encode(self, tokens):
        return np.array([self.to_id.get(t, 2) for t in tokens], dtype=int)
    def decode(self, ids):
        return tuple(map(self.to_token.__getitem__, ids))
''')
wrong("order_of_appearance", "not in alphabetical order", GOOD.replace("sorted(set(tokens) - {BOS, EOS, UNK})", "[t for t in dict.fromkeys(tokens) if t not in (BOS, EOS, UNK)]"), names="order")
wrong("repeated_tokens", "a token that comes again gets two ids", GOOD.replace("sorted(set(tokens) - {BOS, EOS, UNK})", "sorted(t for t in tokens if t not in (BOS, EOS, UNK))"))
wrong("special_tokens_twice", "special tokens in the text get a second id", GOOD.replace("sorted(set(tokens) - {BOS, EOS, UNK})", "sorted(set(tokens))"))
wrong("special_tokens_last", "special tokens after the others", GOOD.replace("[BOS, EOS, UNK] + sorted(set(tokens) - {BOS, EOS, UNK})", "sorted(set(tokens) - {BOS, EOS, UNK}) + [BOS, EOS, UNK]"))
wrong("eos_first", "EOS 0 and BOS 1", GOOD.replace("[BOS, EOS, UNK] +", "[EOS, BOS, UNK] +"), names="each other's ids")
wrong("unknown_is_an_error", "an unknown token raises", GOOD.replace("t if t in self.tokens else UNK", "t"), names="is not in list")
wrong("unknown_left_out", "unknown tokens are left out", GOOD.replace("self.tokens.index(t if t in self.tokens else UNK) for t in tokens", "self.tokens.index(t) for t in tokens if t in self.tokens"), names="left out")
wrong("unknown_is_bos", "an unknown token gets the id 0", GOOD.replace("self.tokens.index(t if t in self.tokens else UNK)", "self.tokens.index(t) if t in self.tokens else 0"))
wrong("length_without_special", "the special tokens are not counted", GOOD.replace("return len(self.tokens)", "return len(self.tokens) - 3"), names="three special tokens")
wrong("decode_joins", "decode returns a string", GOOD.replace("return [self.tokens[i] for i in ids]", "return ' '.join(self.tokens[i] for i in ids)"), names="returned a string")
wrong("ids_from_one", "ids begin at 1", GOOD.replace("UNK) for t in tokens]", "UNK) + 1 for t in tokens]").replace("self.tokens[i]", "self.tokens[i - 1]"), names="off by one")
wrong("sorted_with_repetitions", "the text is sorted, and a token that comes again keeps all of its places", GOOD.replace("sorted(set(tokens) - {BOS, EOS, UNK})", "sorted(tokens)"), names="again")
wrong("no_length", "`__len__` is not written", GOOD.replace("return len(self.tokens)", "raise NotImplementedError"), names="`Vocab.__len__` is not written yet")
