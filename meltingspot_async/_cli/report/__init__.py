"""How a course is doing: what is counted, and how it is shown and saved. No single person is in it."""
