"""Answers to corpus_loss."""
from bank import right, wrong

RIGHT = '''
def corpus_loss(loss_of, batches):
    total, tokens = 0.0, 0.0
    for inputs, targets, mask in batches:
        n = np.count_nonzero(mask)
        total += n * loss_of((inputs, targets, mask))
        tokens += n
    return total / tokens
'''

right("loop", RIGHT)
right("average", '''
def corpus_loss(loss_of, batches):
    losses = [loss_of(batch) for batch in batches]
    return np.average(losses, weights=[batch[2].sum() for batch in batches])
''')
wrong("mean_of_means", "every batch counts alike", RIGHT.replace("np.count_nonzero(mask)", "1"), names="every batch counts alike")
wrong("padding", "padding counts", RIGHT.replace("np.count_nonzero(mask)", "mask.size"), names="padding counts as tokens")
wrong("sentences", "weighted by the number of sentences", RIGHT.replace("np.count_nonzero(mask)", "len(mask)"), names="numbers of sentences")
wrong("steps", "weighted by the number of steps", RIGHT.replace("np.count_nonzero(mask)", "mask.shape[1]"), names="numbers of steps")
wrong("sum", "not divided", RIGHT.replace("total / tokens", "total"), names="not divided by the number of tokens")
wrong("losses_over_tokens", "the losses are not multiplied by the tokens", RIGHT.replace("n * loss_of", "loss_of"), names="not multiplied by their numbers of tokens")
wrong("last", "only the last batch", RIGHT.replace("total +=", "total =").replace("tokens +=", "tokens ="), names="only the last batch")
wrong("plain_sum", "sum of the losses", '''
def corpus_loss(loss_of, batches):
    return sum(loss_of(batch) for batch in batches)
''', names="added up without their numbers of tokens")
wrong("over_batches", "all nats divided by the number of batches", RIGHT.replace("total / tokens", "total / len(batches)"),
      names="divided by the number of batches")
