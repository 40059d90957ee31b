"""Answers to train."""
from bank import right, wrong

RIGHT = '''
def train(params, batches, loss_and_gradients, clip, learning_rate):
    losses = []
    params = dict(params)
    for batch in batches:
        loss, gradients = loss_and_gradients(params, batch)
        losses.append(loss)
        gradients = clip(gradients)
        for name in params:
            params[name] = params[name] - learning_rate * gradients[name]
    return params, losses
'''

right("loop", RIGHT)
right("copies_in_place", '''
def train(params, batches, loss_and_gradients, clip, learning_rate):
    now = {name: np.array(p, dtype=float) for name, p in params.items()}

    def step(batch):
        loss, gradients = loss_and_gradients(now, batch)
        for name, g in clip(gradients).items():
            now[name] -= learning_rate * g
        return loss

    losses = [step(batch) for batch in batches]
    return now, losses
''')
wrong("not_clipped", "clip is not called", RIGHT.replace("        gradients = clip(gradients)\n", ""), names="not clipped")
wrong("clip_unused", "the result of clip is thrown away", RIGHT.replace("gradients = clip(gradients)", "clip(gradients)"), names="not clipped")
wrong("uphill", "the wrong sign", RIGHT.replace("params[name] - learning", "params[name] + learning"), names="uphill")
wrong("stale", "all gradients at the first parameters", RIGHT.replace("    params = dict(params)", "    first = params\n    params = dict(params)")
      .replace("loss_and_gradients(params", "loss_and_gradients(first"), names="at the first parameters")
wrong("accumulating", "the gradients of earlier batches are kept", '''
def train(params, batches, loss_and_gradients, clip, learning_rate):
    losses = []
    total = {name: 0 * p for name, p in params.items()}
    for batch in batches:
        loss, gradients = loss_and_gradients(params, batch)
        total = {name: total[name] + gradients[name] for name in total}
        params = {name: p - learning_rate * clip(total)[name] for name, p in params.items()}
        losses.append(loss)
    return params, losses
''', names="the gradients of earlier batches are added")
wrong("loss_after", "the loss after the step", RIGHT.replace("        losses.append(loss)\n", "") .replace(
    "gradients[name]\n    return", "gradients[name]\n        losses.append(loss_and_gradients(params, batch)[0])\n    return"),
      names="after the step")
wrong("in_place", "changes what belongs to the caller", '''
def train(params, batches, loss_and_gradients, clip, learning_rate):
    losses = []
    for batch in batches:
        loss, gradients = loss_and_gradients(params, batch)
        losses.append(loss)
        for name, g in clip(gradients).items():
            params[name] -= learning_rate * g
    return params, losses
''', names="in place")
wrong("returns_the_first", "the parameters that were handed in come back", '''
def train(params, batches, loss_and_gradients, clip, learning_rate):
    losses, new = [], params
    for batch in batches:
        loss, gradients = loss_and_gradients(new, batch)
        gradients = clip(gradients)
        new = {name: p - learning_rate * gradients[name] for name, p in new.items()}
        losses.append(loss)
    return params, losses
''', names="the ones that were handed in")
wrong("one_step", "one step with the mean gradient of all batches", '''
def train(params, batches, loss_and_gradients, clip, learning_rate):
    found = [loss_and_gradients(params, batch) for batch in batches]
    losses = [loss for loss, _ in found]
    for name in params if found else ():
        mean = sum(clip(g)[name] for _, g in found) / len(found)
        params = {**params, name: params[name] - learning_rate * mean}
    return params, losses
''', names="one step is taken")
wrong("no_rate", "the learning rate is not used", RIGHT.replace("learning_rate * ", ""), names="the learning rate is not used")
wrong("return_in_loop", "returns after the first batch", RIGHT.replace("    return params, losses", "        return params, losses"), names="only the first batch is used")
