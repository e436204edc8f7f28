"""One GET, from path to bytes."""
