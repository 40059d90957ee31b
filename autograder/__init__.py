"""Builds the notebooks, takes submissions in, judges them in a sandbox and gives them back."""
