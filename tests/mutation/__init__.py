"""Would the tests notice? Changes one place of the package at a time, and runs the tests that should fail then."""
