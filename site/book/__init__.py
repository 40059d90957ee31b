"""Makes the course into a book for the browser: runs its notebooks, and writes what Sphinx reads."""
