"""Names the pytest plugin for a pytest that does not look for plugins: ``-p meltingspot_async.testing.fixtures``."""

pytest_plugins: list[str] = ["_meltingspot_async_pytest"]
