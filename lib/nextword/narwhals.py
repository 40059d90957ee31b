"""The grammar of narwhals, cows and the people who talk about them: the rules of the course's own corpus.

What it is made for, with an example of each:

* agreement: "the cow that the sailors near ... chase **sings**": the verb agrees with a noun many words back;
* names that return: "**nora** and **otis** know that ... , and **nora** tells **otis** .";
* tags that depend on the next word: "the **old** sing" (noun), "the **old** cow sings" (adjective);
  "sees **her** ." (pronoun), "sees **her** cow ." (determiner); "knows **that** cow ." (determiner),
  "knows **that** cows sing" (conjunction); and "the **old man** the boats";
* tastes: cows eat hay, narwhals eat squid, whatever stands between the eater and "eats".

A phrase may end with itself but never contain itself in the middle or at its beginning, so a parser's stack
stays short, and that no sentence has two derivations can be checked exhaustively.
"""

from nextword.grammar import Grammar

# Likeliest first. No two begin and end in ways that would need "an".
NAMES = "nora otis mabel finn iris hugo wanda boris celia dara emil greta".split()
NOUNS = {
    "sea": "narwhal whale seal otter crab gull",
    "land": "cow goat horse donkey hen",
    "folk": "sailor farmer pirate captain man",
}
FOODS = {
    "sea": "squid shrimp kelp fish",
    "land": "grass hay corn clover",
    "folk": "bread soup cheese pie",
}
INTRANSITIVE = {
    "sea": "swim dive float splash",
    "land": "graze trot rest wander",
    "folk": "row whistle work argue",
    "any": "sing sleep dream wait",
}
TRANSITIVE = "see follow like fear chase meet greet find"
ADJECTIVES = "big small friendly grey clever quiet"
NOMINAL = "old young brave hungry"          # adjectives that also stand for a group: "the old"
ADVERBS = "quickly slowly happily rarely often"
PREPOSITIONS = "near behind beside under"
PLACES = "sea meadow harbour island ice barn"
SHIPS = "boat ship raft"
ATTITUDES = "say know think"

IRREGULAR = {"man": "men"}


def third_person(verb: str) -> str:
    return verb + ("es" if verb.endswith(("sh", "ch", "x")) else "s")


def plural(noun: str) -> str:
    return IRREGULAR.get(noun, noun + "s")


def words(listed) -> list[tuple[int, str]]:
    """Rules for a word class, likeliest first, with weights near 1 / (rank + 2)."""
    return [(1000 // (rank + 2), word) for rank, word in enumerate(listed)]


def word_classes() -> dict:
    rules = {
        "ADJ": words([*NOMINAL.split(), *ADJECTIVES.split()]),
        "NOUN.group": words(NOMINAL.split()),
        "ADV": words(ADVERBS.split()),
        "ADP": words(PREPOSITIONS.split()),
        "NOUN.place": words(PLACES.split()),
        "NOUN.ships": words(map(plural, SHIPS.split())),
        "VERB.man": [(1, "man")],
        "DET.the": [(1, "the")],
        "DET.her": [(1, "her")],
        "DET.that": [(1, "that")],
        "DET.one": [(7, "the"), (2, "her"), (1, "every")],
        "DET.many": [(7, "the"), (2, "her"), (1, "some")],
        "PRON.her": [(1, "her")],
        "PRON.that": [(1, "that")],
        "SCONJ.that": [(1, "that")],
        "SCONJ.if": [(1, "if")],
        "CCONJ": [(1, "and")],
        "ADV.so": [(1, "so")],
        "PUNCT.comma": [(1, ",")],
        "PUNCT.stop": [(1, ".")],
        "AUX.one": [(1, "is")],
        "AUX.many": [(1, "are")],
        "VERB.one.tell": [(1, "tells")],
        "VERB.one.ask": [(1, "asks")],
        "VERB.one.answer": [(1, "answers")],
        "VERB.one.transitive": words(map(third_person, TRANSITIVE.split())),
        "VERB.many.transitive": words(TRANSITIVE.split()),
        "VERB.one.eat": [(1, "eats")],
        "VERB.many.eat": [(1, "eat")],
    }
    for kind, nouns in NOUNS.items():
        rules[f"NOUN.one.{kind}"] = words(nouns.split())
        rules[f"NOUN.many.{kind}"] = words(map(plural, nouns.split()))
        rules[f"NOUN.food.{kind}"] = words(FOODS[kind].split())
    for kind, verbs in INTRANSITIVE.items():
        rules[f"VERB.one.{kind}"] = words(map(third_person, verbs.split()))
        rules[f"VERB.many.{kind}"] = words(verbs.split())
    for verb in ATTITUDES.split():
        rules[f"VERB.one.{verb}"] = [(1, third_person(verb))]
        rules[f"VERB.many.{verb}"] = [(1, verb)]
    for name in NAMES:
        rules[f"PROPN.{name}"] = [(1, name)]
    return rules


def phrases() -> dict:
    rules = {
        # An object is of any kind; only here, at the end of a phrase, may relative clauses follow each other.
        "Object": [(8, "Thing.one"), (8, "Thing.many"), (4, "DET.the NOUN.place"), (3, "DET.the NOUN.group"),
                   (3, "PRON.her")],
        "Clause": [(3, "DET.the NOUN.group Predicate.group")],
        "Predicate.group": [(5, "Predicate.many.any"), (2, "VERB.man DET.the NOUN.ships")],
        "Gap": [(5, "DET.the Any.one VERB.one.transitive"), (4, "DET.the Any.many VERB.many.transitive"),
                (2, "DET.the NOUN.group VERB.many.transitive")],
        "Neighbour": [(3, "DET.the NOUN.place"), (2, "DET.the Any.one"), (2, "DET.the Any.many")],
    }
    for number in ("one", "many"):
        rules[f"Any.{number}"] = [(3, f"NOUN.{number}.sea"), (3, f"NOUN.{number}.land"),
                                  (2, f"NOUN.{number}.folk")]
        rules[f"Thing.{number}"] = [(7, f"DET.{number} Named.{number}"),
                                    (1, f"DET.{number} Named.{number} PRON.that Relative.{number}")]
        rules[f"Named.{number}"] = [(3, f"Any.{number}"), (1, f"ADJ Any.{number}")]
        rules[f"Relative.{number}"] = [(3, f"VERB.{number}.transitive Object"), (2, "Gap")]
        for kind in NOUNS:
            noun = f"Noun.{number}.{kind}"
            rules[noun] = [(3, f"NOUN.{number}.{kind}"), (2, f"ADJ NOUN.{number}.{kind}")]
            rules[f"Subject.{number}.{kind}"] = [
                (10, f"DET.{number} {noun}"),
                (6, f"DET.{number} {noun} PRON.that Relative.{number}"),
                (4, f"DET.{number} {noun} ADP Neighbour")]
            rules[f"Predicate.{number}.{kind}"] = [
                (4, f"Predicate.{number}.any"),
                (2, f"VERB.{number}.{kind}"),
                (1, f"VERB.{number}.{kind} ADV"),
                (3, f"VERB.{number}.eat NOUN.food.{kind}")]
            rules["Clause"].append((4 if kind != "folk" else 3,
                                    f"Subject.{number}.{kind} Predicate.{number}.{kind}"))
        rules[f"Predicate.{number}.any"] = [
            (2, f"VERB.{number}.any"), (1, f"VERB.{number}.any ADV"), (1, f"AUX.{number} ADJ"),
            (6, f"VERB.{number}.transitive Object")]
    for kind in NOUNS:      # several of them need no determiner: "cows eat hay"
        rules[f"Subject.many.{kind}"].append((8, f"NOUN.many.{kind}"))
    rules["Predicate.many.folk"].append((1, "VERB.man DET.the NOUN.ships"))
    return rules


def sentences() -> dict:
    """Sentences: a clause alone, or a clause that people with names talk about."""
    pairs = [(one, other) for one in NAMES for other in NAMES if one != other]
    rules = {
        "Sentence": [(40, "Clause PUNCT.stop"), (20, "Opinion"), (8, "Acquaintance"), (16, "Agreement"),
                     (16, "Question")],
        "Acquaintance": [(1, f"PROPN.{name} VERB.one.know DET.that Named.one PUNCT.stop") for name in NAMES],
        "Opinion": [(1, f"PROPN.{name} VERB.one.{verb} SCONJ.that Clause And "
                        f"ADV.so VERB.one.{verb} PROPN.{name} PUNCT.stop")
                    for name in NAMES for verb in ATTITUDES.split()],
        "Agreement": [(1, f"PROPN.{one} CCONJ PROPN.{other} VERB.many.know SCONJ.that Clause And "
                          f"PROPN.{one} VERB.one.tell PROPN.{other} PUNCT.stop") for one, other in pairs],
        "Question": [(1, f"PROPN.{one} VERB.one.ask PROPN.{other} SCONJ.if Clause And "
                         f"PROPN.{other} VERB.one.answer PROPN.{one} PUNCT.stop") for one, other in pairs],
        "And": [(1, "PUNCT.comma CCONJ")],
    }
    return rules


def grammar() -> Grammar:
    """The grammar of the narwhals corpus."""
    return Grammar("Sentence", {**sentences(), **phrases(), **word_classes()})
