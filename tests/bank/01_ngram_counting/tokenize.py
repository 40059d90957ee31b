"""Answers to tokenize."""
from bank import right, wrong

right("character_by_character", '''
def tokenize(text):
    tokens, word = [], ""
    for i, character in enumerate(text.lower()):
        joins = character in "'-" and word and i + 1 < len(text) and is_word(text[i + 1])
        if is_word(character) or joins:
            word += character
            continue
        if word:
            tokens.append(word)
            word = ""
        if not character.isspace():
            tokens.append(character)
    return tokens + [word] if word else tokens

def is_word(character):
    return character.isalnum() or character == "_"
''')
right("finditer_and_tuple", r'''
WORD_OR_MARK = re.compile(r"\w+(?:['-]\w+)*|\S")
def tokenize(text):
    return tuple(match.group().lower() for match in WORD_OR_MARK.finditer(text))
''')
wrong("split", "cuts at white space only", '''
def tokenize(text):
    return text.split()
''', names="cut at white space only")
wrong("split_lower", "cuts at white space only", '''
def tokenize(text):
    return text.lower().split()
''', names="cut at white space only")
wrong("keeps_case", "does not turn into lower case", r'''
def tokenize(text):
    return re.findall(r"\w+(?:['-]\w+)*|[^\w\s]", text)
''', names="lower case")
wrong("drops_punctuation", "throws punctuation away", r'''
def tokenize(text):
    return re.findall(r"\w+(?:['-]\w+)*", text.lower())
''', names="throw the punctuation away")
wrong("cuts_apostrophes", "cuts a word at its apostrophe", r'''
def tokenize(text):
    return re.findall(r"\w+|[^\w\s]", text.lower())
''', names="apostrophe inside a word")
wrong("capturing_group", "findall returns the group", r'''
def tokenize(text):
    return re.findall(r"\w+(['-]\w+)*|[^\w\s]", text.lower())
''', names="capturing group")
wrong("characters", "cuts into characters", '''
def tokenize(text):
    return list(text.lower())
''', names="characters")
wrong("split_single_spaces", "makes empty tokens", r'''
def tokenize(text):
    return [t for piece in text.lower().split(" ") for t in re.findall(r"\w+(?:['-]\w+)*|[^\w\s]", piece) or [piece]]
''', names="empty token")
wrong("ascii_only", "letters that English does not have are lost", r'''
def tokenize(text):
    return re.findall(r"[a-z0-9]+(?:['-][a-z0-9]+)*|[^\w\s]", text.lower())
''', names="letters a to z")
wrong("prints", "prints instead of returning", r'''
def tokenize(text):
    print(re.findall(r"\w+(?:['-]\w+)*|[^\w\s]", text.lower()))
''', names="return")
wrong("one_string", "returns a string", r'''
def tokenize(text):
    return " ".join(re.findall(r"\w+(?:['-]\w+)*|[^\w\s]", text.lower()))
''', names="returned a string")
wrong("ascii_letters_kept", "only the letters a to z make words", r"""
def tokenize(text):
    return re.findall(r"[a-z0-9_]+(?:['-][a-z0-9_]+)*|\S", text.lower())
""", names="letters a to z")
wrong("marks_are_letters", "apostrophes and hyphens count as letters", r"""
def tokenize(text):
    return re.findall(r"[\w'-]+|[^\w\s]", text.lower())
""", names="count as letters")
