"""The documentation as a site, looked at by a browser: ``python -m tests.site``."""
