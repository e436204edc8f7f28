"""The files that exports write and continue after any interruption, and the files that they read."""
