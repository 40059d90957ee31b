"""From counting n-grams to a small transformer: the library behind the notebooks.

Importing the package is cheap; each module is imported by name (`from nextword import corpora`).
"""

__version__ = "0.1.0"
