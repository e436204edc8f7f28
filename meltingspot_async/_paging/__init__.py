"""From pages to whole lists."""
