"""The files that exports write, and go on with after any interruption."""
