"""What an answer may not import, with a sentence for whoever tries.

The files themselves are not in the room; this only turns a bare ModuleNotFoundError into a reason.
An import that is never used does no harm: it gives a stand-in that complains when something is asked of it.
"""

import importlib.abc
import importlib.machinery
import sys
import types


class Refused(AttributeError):
    """A module that this assignment does not allow was used.

    An AttributeError, because libraries look into `sys.modules["torch"]` with getattr to recognise tensors.
    """


class StandIn(types.ModuleType):
    """Stands for a refused module: importing it is harmless, using it is not."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        raise Refused(self.__dict__["_sentence"])

    def __call__(self, *arguments, **named):
        """What was imported from a refused module may be meant to be a function."""
        raise Refused(self.__dict__["_sentence"])


class Guard(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds the refused modules before anybody else does."""

    def __init__(self, sentences):
        self.sentences = sentences

    def find_spec(self, name, path=None, target=None):
        if self._refused(name):
            return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def _refused(self, name):
        return next((m for m in self.sentences if name == m or name.startswith(m + ".")), None)

    def create_module(self, spec):
        module = StandIn(spec.name)
        module.__dict__["_sentence"] = self.sentences[self._refused(spec.name)]
        return module

    def exec_module(self, module):
        pass


def refuse(torch_allowed, withheld):
    """Installs the guard: no torch unless allowed, and none of the `withheld` modules of the library."""
    sentences = {m: f"{m} holds the answers of this assignment: write this yourself" for m in withheld}
    if not torch_allowed:
        sentences["torch"] = "PyTorch is not allowed here: this answer is written with NumPy only"
    sys.meta_path.insert(0, Guard(sentences))
