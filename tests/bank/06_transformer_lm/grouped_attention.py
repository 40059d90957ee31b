"""Answers to the exercise on grouped-query attention."""
from bank import right, wrong

ANSWER = '''
def grouped_attention(Q, K, V, attend):
    h, G = Q.shape[1], K.shape[1]
    which = [i // (h // G) for i in range(h)]
    return attend(Q, K[:, which], V[:, which])


def cache_mib(layers, kv_heads, d_k, tokens, bits):
    numbers = 2 * layers * kv_heads * d_k * tokens
    return numbers * bits / 8 / 1024**2
'''


def but(old, new):
    assert old in ANSWER
    return ANSWER.replace(old, new)


right("index", ANSWER)
right("broadcast", '''
def grouped_attention(Q, K, V, attend):
    B, h, T, d_k = Q.shape
    group = h // K.shape[1]
    K, V = (np.broadcast_to(x[:, :, None], (B, x.shape[1], group, T, d_k)).reshape(Q.shape) for x in (K, V))
    return attend(Q, K, V)


def cache_mib(layers, kv_heads, d_k, tokens, bits):
    return layers * kv_heads * d_k * tokens * bits / 2**22
''')
right("concatenate", '''
def grouped_attention(Q, K, V, attend):
    group = Q.shape[1] // K.shape[1]
    shared = [np.concatenate([x[:, g:g + 1] for g in range(x.shape[1]) for _ in range(group)], axis=1) for x in (K, V)]
    return attend(Q, *shared)


def cache_mib(layers, kv_heads, d_k, tokens, bits):
    per_token = sum(2 * kv_heads * d_k for _ in range(layers))
    return per_token * tokens * (bits / 8) / 2**20
''')
wrong("in_turns", "deals the keys out in turns", but("i // (h // G)", "i % G"), names="dealt out in turns")
wrong("first_only", "uses the first head of keys", but("i // (h // G)", "0"), names="the first head of keys")
wrong("values_in_turns", "mixes the two ways", but("V[:, which]", "V[:, [i % G for i in range(h)]]"),
      names="values are dealt out")
wrong("group_is_G", "takes G for the size of a group", but("i // (h // G)", "min(i // G, G - 1)"))
wrong("mean_queries", "averages the queries of a group", '''
def grouped_attention(Q, K, V, attend):
    B, h, T, d_k = Q.shape
    G = K.shape[1]
    found = attend(Q.reshape(B, G, h // G, T, d_k).mean(axis=2), K, V)
    return np.repeat(found, h // G, axis=1)


def cache_mib(layers, kv_heads, d_k, tokens, bits):
    return 2 * layers * kv_heads * d_k * tokens * bits / 8 / 2**20
''', names="averaged")
wrong("keys_only", "counts the keys only", but("2 * layers", "layers"), names="not the values")
wrong("bits", "forgets that a byte has 8 bits", but(" / 8", ""), names="bits, not bytes")
wrong("megabytes", "uses 10^6 bytes", but("1024**2", "1e6"), names="10^6")
wrong("gibibytes", "returns GiB", but("1024**2", "1024**3"), names="GiB")
