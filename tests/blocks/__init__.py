"""The blocks of README.md, of the documentation and of docstrings: each is run, and its types are checked."""
