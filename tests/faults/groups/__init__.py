"""The faults themselves, a file per group."""
