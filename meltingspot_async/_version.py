"""The version of this package; its metadata is made from here."""

__version__ = "0.1.0"
