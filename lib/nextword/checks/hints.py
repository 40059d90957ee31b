"""A reason why a value may be wrong, in one sentence."""

from dataclasses import dataclass

ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")


@dataclass(frozen=True)
class Hint:
    """A sentence for the student; `public` is the same without values or sizes, for hidden tests."""

    text: str
    public: str


def hint(text, public=None):
    return Hint(text, text if public is None else public)


def mistake_hint(sentence):
    """A named mistake as a reason."""
    return hint(f"This is what you get when {stop(sentence)}")


def stop(sentence):
    """The sentence with a full stop."""
    sentence = sentence.strip()
    return sentence if sentence.endswith((".", "?", ":")) else sentence + "."
