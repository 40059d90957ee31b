"""The grammar of the narwhals corpus: narwhals, cows, and the people who talk about them.

What it is made for, with an example of each:

* agreement: "the cow that the sailors chase sings", "the cow and the narwhal sing": the verb agrees with a
  subject that may begin many words back, not with the last noun;
* names that return: "nora and otis know that ... , and nora tells otis .";
* tags that depend on what comes next: "the old sing" (a noun), "the old cow sings" (an adjective);
  "sees her ." (a pronoun), "sees her cow ." (a determiner); "knows that cow ." (a determiner),
  "knows that cows sing" (a conjunction); and "the old man the boats";
* tastes: cows eat hay and narwhals eat squid, whatever stands between the eater and "eat".

Symbols read from the general to the special: NOUN.one.sea is a noun, singular, of an animal of the sea.
A phrase may end with itself, but never begin with itself or hold itself in its middle. So what a parser has
to remember stays short, and that no sentence has two derivations can be checked for all sentences.
"""

from nextword.grammar import Grammar

# Words, the likeliest first

NAMES = "nora otis mabel finn iris hugo wanda boris celia dara emil greta".split()
NOUNS = {"sea": "narwhal whale seal otter gull", "land": "cow goat horse donkey",
         "folk": "sailor man farmer captain"}
FOODS = {"sea": "squid shrimp kelp", "land": "grass hay corn", "folk": "bread soup cheese"}
INTRANSITIVE = {"sea": "swim dive float splash", "land": "graze trot rest wander",
                "folk": "row whistle work argue", "any": "sing sleep dream wait"}
TRANSITIVE = "see follow like fear chase meet find"
ATTITUDES = "say know think"
ADJECTIVES = "old young brave hungry big small friendly grey"
GROUPS = "old young brave hungry"           # the adjectives that also stand for a group of people: "the old"
ADVERBS = "quickly slowly happily rarely often"
PREPOSITIONS = "near behind beside under"
PLACES = "sea meadow harbour island ice barn"
BOATS = "boats ships rafts"

KINDS = tuple(NOUNS)
NUMBERS = ("one", "many")


def plural(noun: str) -> str:
    return "men" if noun == "man" else noun + "s"


def third_person(verb: str) -> str:
    return verb + ("es" if verb.endswith("sh") else "s")


def nouns(number: str, listed: str) -> list[str]:
    return [plural(noun) if number == "many" else noun for noun in listed.split()]


def verbs(number: str, listed: str) -> list[str]:
    return [third_person(verb) if number == "one" else verb for verb in listed.split()]


def zipf(words: list[str]) -> list[tuple[int, str]]:
    """Rules for a word class in which a word is as likely as 1 / its rank (Zipf's law)."""
    return [(1000 // rank, word) for rank, word in enumerate(words, start=1)]


def word_classes() -> dict:
    """Symbols that stand for one word."""
    rules = {
        "ADJ": zipf(ADJECTIVES.split()),
        "ADV": zipf(ADVERBS.split()),
        "ADP": zipf(PREPOSITIONS.split()),
        "NOUN.group": zipf(GROUPS.split()),
        "NOUN.place": zipf(PLACES.split()),
        "NOUN.boat": zipf(BOATS.split()),
        "DET.one": [(8, "the"), (2, "her"), (1, "every")],
        "DET.many": [(8, "the"), (2, "her"), (1, "some")],
        "VERB.man": [(1, "man")],
        "AUX.one": [(1, "is")],
        "AUX.many": [(1, "are")],
        "PUNCT.comma": [(1, ",")],
        "PUNCT.stop": [(1, ".")],
    }
    for same in "DET.the DET.that PRON.her PRON.that SCONJ.that SCONJ.if CCONJ.and ADV.so".split():
        rules[same] = [(1, same.partition(".")[2])]
    for name in NAMES:
        rules[f"PROPN.{name}"] = [(1, name)]
    for number in NUMBERS:
        for kind in KINDS:
            rules[f"NOUN.{number}.{kind}"] = zipf(nouns(number, NOUNS[kind]))
        for kind, listed in INTRANSITIVE.items():
            rules[f"VERB.{number}.{kind}"] = zipf(verbs(number, listed))
        rules[f"VERB.{number}.transitive"] = zipf(verbs(number, TRANSITIVE))
        rules[f"VERB.{number}.eat"] = [(1, *verbs(number, "eat"))]
    for verb in [*ATTITUDES.split(), "tell", "ask", "answer"]:
        rules[f"VERB.one.{verb}"] = [(1, third_person(verb))]
    rules["VERB.many.know"] = [(1, "know")]
    for kind in KINDS:
        rules[f"NOUN.food.{kind}"] = zipf(FOODS[kind].split())
    return rules


# Phrases


def objects() -> dict:
    """Noun phrases of any kind, and relative clauses. Only an object may hold an object, at its end."""
    rules = {
        "Object": [(8, "Thing.one"), (8, "Thing.many"), (4, "DET.the NOUN.place"), (3, "DET.the NOUN.group"),
                   (3, "PRON.her")],
        "Neighbour": [(3, "DET.the NOUN.place"), (2, "DET.the Any.one"), (2, "DET.the Any.many")],
        "Gap": [(5, "DET.the Any.one VERB.one.transitive"), (4, "DET.the Any.many VERB.many.transitive"),
                (2, "DET.the NOUN.group VERB.many.transitive")],
    }
    for number in NUMBERS:
        rules[f"Any.{number}"] = [(3, f"NOUN.{number}.sea"), (3, f"NOUN.{number}.land"),
                                  (2, f"NOUN.{number}.folk")]
        rules[f"Named.{number}"] = [(3, f"Any.{number}"), (1, f"ADJ Any.{number}")]
        rules[f"Thing.{number}"] = [(7, f"DET.{number} Named.{number}"),
                                    (1, f"DET.{number} Named.{number} PRON.that Relative.{number}")]
        rules[f"Relative.{number}"] = [(3, f"VERB.{number}.transitive Object"), (2, "Gap")]
    return rules


def predicates() -> dict:
    """What a subject does: a verb phrase of its number, some of them for its kind alone."""
    rules = {}
    for number in NUMBERS:
        rules[f"Predicate.{number}.any"] = [
            (2, f"VERB.{number}.any"), (1, f"VERB.{number}.any ADV"), (1, f"AUX.{number} ADJ"),
            (6, f"VERB.{number}.transitive Object")]
        for kind in KINDS:
            rules[f"Predicate.{number}.{kind}"] = [
                (4, f"Predicate.{number}.any"), (3, f"VERB.{number}.eat NOUN.food.{kind}"),
                (2, f"VERB.{number}.{kind}"), (1, f"VERB.{number}.{kind} ADV")]
    rules["Predicate.many.folk"] += [(1, "VERB.man DET.the NOUN.boat")]
    rules["Predicate.group"] = [(5, "Predicate.many.any"), (2, "VERB.many.eat NOUN.food.folk"),
                                (1, "VERB.man DET.the NOUN.boat")]
    return rules


def clauses() -> dict:
    """A subject and what it does. Between their noun and its verb there may stand a relative clause."""
    rules = {"Clause": [(3, "DET.the NOUN.group Predicate.group"), (4, "Two Predicate.many.any")]}
    for number in NUMBERS:
        for kind in KINDS:
            noun = f"DET.{number} Noun.{number}.{kind}"
            rules["Clause"] += [(3, f"Subject.{number}.{kind} Predicate.{number}.{kind}")]
            rules[f"Noun.{number}.{kind}"] = [(3, f"NOUN.{number}.{kind}"), (2, f"ADJ NOUN.{number}.{kind}")]
            rules[f"Subject.{number}.{kind}"] = [
                (5, noun), (3, f"{noun} PRON.that Relative.{number}"), (2, f"{noun} ADP Neighbour")]
    for kind in KINDS:
        rules[f"Subject.many.{kind}"] += [(4, f"NOUN.many.{kind}")]
    rules["Two"] = [(1, f"DET.the NOUN.one.{one} CCONJ.and DET.the NOUN.one.{other}")
                    for one in KINDS for other in KINDS if one != other]
    return rules


def sentences() -> dict:
    """A clause alone, or a clause that people with names talk about."""
    pairs = [(one, other) for one in NAMES for other in NAMES if one != other]
    return {
        "Sentence": [(10, "Clause PUNCT.stop"), (5, "Opinion"), (2, "Acquaintance"), (4, "Agreement"),
                     (4, "Question")],
        "Acquaintance": [(1, f"PROPN.{name} VERB.one.know DET.that Named.one PUNCT.stop") for name in NAMES],
        "Opinion": [(1, f"PROPN.{name} VERB.one.{verb} SCONJ.that Clause And "
                        f"ADV.so VERB.one.{verb} PROPN.{name} PUNCT.stop")
                    for name in NAMES for verb in ATTITUDES.split()],
        "Agreement": [(1, f"PROPN.{one} CCONJ.and PROPN.{other} VERB.many.know SCONJ.that Clause And "
                          f"PROPN.{one} VERB.one.tell PROPN.{other} PUNCT.stop") for one, other in pairs],
        "Question": [(1, f"PROPN.{one} VERB.one.ask PROPN.{other} SCONJ.if Clause And "
                         f"PROPN.{other} VERB.one.answer PROPN.{one} PUNCT.stop") for one, other in pairs],
        "And": [(1, "PUNCT.comma CCONJ.and")],
    }


def grammar() -> Grammar:
    """The grammar of the narwhals corpus; it is unambiguous."""
    return Grammar("Sentence", sentences() | clauses() | predicates() | objects() | word_classes())
