"""Answers to generate."""
from bank import right, wrong

GOOD = '''
def generate(model, roll, n, uniforms, max_tokens):
    tokens = [BOS] * (n - 1)
    for i in range(max_tokens):
        context = tuple(tokens[len(tokens) - (n - 1):])
        distribution = model(context)
        word = list(distribution)[roll(list(distribution.values()), uniforms[i])]
        if word == EOS:
            break
        tokens.append(word)
    return tokens[n - 1:]
'''

right("loop", GOOD)
right("iterator_and_window", '''
from collections import deque
def generate(model, roll, n, uniforms, max_tokens):
    window, text = deque([BOS] * (n - 1), maxlen=n - 1), []
    numbers = iter(uniforms)
    while len(text) < max_tokens:
        words, probs = zip(*model(tuple(window)).items())
        word = words[roll(list(probs), next(numbers))]
        if word == EOS:
            return text
        text += [word]
        window.append(word)
    return text
''')
wrong("keeps_eos", "</s> is part of the text", GOOD.replace('''        if word == EOS:
            break
        tokens.append(word)
''', '''        tokens.append(word)
        if word == EOS:
            break
'''), names="</s> becomes part")
wrong("no_stop", "does not stop at </s>", GOOD.replace("        if word == EOS:\n            break\n", ""), names="does not end the text")
wrong("argmax", "takes the likeliest word", GOOD.replace("list(distribution)[roll(list(distribution.values()), uniforms[i])]", "max(distribution, key=distribution.get)"), names="likeliest word")
wrong("first_uniform", "uses one number for every roll", GOOD.replace("uniforms[i]", "uniforms[0]"), names="first of the numbers")
wrong("skips_a_uniform", "begins with the second number", GOOD.replace("uniforms[i]", "uniforms[(i + 1) % len(uniforms)]"), names="first number is left out")
wrong("whole_history", "the context is not cut", GOOD.replace("tokens[len(tokens) - (n - 1):]", "tokens"), names="all words so far")
wrong("last_word", "the context is one word", GOOD.replace("tokens[len(tokens) - (n - 1):]", "tokens[-1:]"), names="last word only")
wrong("n_words", "the context is n words", GOOD.replace("tokens[len(tokens) - (n - 1):]", "tokens[-n:]"), names="one too many")
wrong("backwards", "the context runs backwards", GOOD.replace("(n - 1):])", "(n - 1):][::-1])"), names="backwards")
wrong("first_words", "the context is the first words", GOOD.replace("tokens[len(tokens) - (n - 1):]", "tokens[:n - 1]"), names="first n - 1 words")
wrong("one_bos", "opens with one <s>", GOOD.replace("[BOS] * (n - 1)", "[BOS]").replace("tokens[n - 1:]", "tokens[1:]"), names="only one <s>")
wrong("returns_bos", "returns the padding too", GOOD.replace("tokens[n - 1:]", "tokens"), names="<s> becomes part")
wrong("unigram_slice", "tokens[-0:] is everything", GOOD.replace("tokens[len(tokens) - (n - 1):]", "tokens[-(n - 1):]"), names="-0")
wrong("ignores_max_tokens", "goes on as long as there are numbers", GOOD.replace("range(max_tokens)", "range(len(uniforms))"), names="max_tokens")
wrong("joined", "returns one string", GOOD.replace("return tokens[n - 1:]", "return ' '.join(tokens[n - 1:])"), names="returned a string")
wrong("shifted_uniforms", "the roll for a word uses the number of the next", GOOD.replace("uniforms[i]", "uniforms[i + 1]"), names="first number is left out")
wrong("one_word_more", "one roll too many", GOOD.replace("range(max_tokens)", "range(min(max_tokens + 1, len(uniforms)))"), names="one word more")
