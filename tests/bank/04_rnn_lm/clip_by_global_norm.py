"""Answers to clip_by_global_norm."""
from bank import right, wrong

RIGHT = '''
def clip_by_global_norm(gradients, max_norm):
    total = 0.0
    for g in gradients.values():
        total += np.sum(g * g)
    norm = np.sqrt(total)
    clipped = {}
    for name, g in gradients.items():
        clipped[name] = g * (max_norm / norm) if norm > max_norm else g.copy()
    return clipped, norm
'''

right("loop", RIGHT)
right("as_torch_does", '''
def clip_by_global_norm(gradients, max_norm):
    norm = np.linalg.norm([np.linalg.norm(g) for g in gradients.values()])
    factor = min(1.0, max_norm / (norm + 1e-6))
    return {name: factor * g for name, g in gradients.items()}, norm
''')
wrong("each_its_own", "each array by its own norm", '''
def clip_by_global_norm(gradients, max_norm):
    total = np.sqrt(sum(np.sum(g * g) for g in gradients.values()))
    clipped = {}
    for name, g in gradients.items():
        norm = np.sqrt(np.sum(g * g))
        clipped[name] = g * (max_norm / norm) if norm > max_norm else g
    return clipped, total
''', names="by its own norm")
wrong("each_entry", "each entry on its own", RIGHT.replace("g * (max_norm / norm) if norm > max_norm else g.copy()", "np.clip(g, -max_norm, max_norm)"),
      names="each entry is clipped on its own")
wrong("made_longer", "always scaled to the largest norm", RIGHT.replace(" if norm > max_norm else g.copy()", " if norm else g"),
      names="made longer")
wrong("no_zero", "divides by zero", RIGHT.replace("g * (max_norm / norm) if norm > max_norm else g.copy()", "g * min(1, max_norm / np.float64(norm)) * (norm / norm)"))
wrong("sum_of_norms", "the norms are added without squares", RIGHT.replace("np.sum(g * g)", "np.linalg.norm(g)").replace("np.sqrt(total)", "total"),
      names="added up without being squared")
wrong("no_root", "the root is missing", RIGHT.replace("np.sqrt(total)", "total"), names="root of the sum of squares is missing")
wrong("norm_after", "the norm after clipping", RIGHT.replace("return clipped, norm", "return clipped, min(norm, max_norm)"),
      names="the one after clipping")
wrong("not_clipped", "nothing is done", RIGHT.replace("g * (max_norm / norm) if norm > max_norm else g.copy()", "g"),
      names="not clipped")
wrong("largest_norm", "the largest norm of one array", RIGHT.replace("total += np.sum(g * g)", "total = max(total, np.sum(g * g))"),
      names="largest norm of a single array")
wrong("divided", "divided by the norm, the maximum is forgotten", RIGHT.replace("max_norm / norm)", "1 / norm)"), names="the largest norm is forgotten")
