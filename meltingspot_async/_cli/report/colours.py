"""The colours of a saved report, in the light and in the dark; as on a terminal, they have names."""

_LIGHT = (
    "--page: #fff; --text: #1c1e21; --faint: #5f6670; --track: #eceef1; --green: #15803d; "
    "--yellow: #b45309; --cyan: #0e7490; --blue: #1d4ed8; --red: #b91c1c; --magenta: #a21caf;"
)
_DARK = (
    "--page: #16181c; --text: #e6e8eb; --faint: #a0a7b1; --track: #2a2e35; --green: #4ade80; "
    "--yellow: #fbbf24; --cyan: #22d3ee; --blue: #60a5fa; --red: #f87171; --magenta: #e879f9;"
)

COLOURS = f"""\
:root {{ color-scheme: light dark; {_LIGHT} }}
@media (prefers-color-scheme: dark) {{ :root {{ {_DARK} }} }}
@media print {{ :root {{ color-scheme: light; {_LIGHT} }} }}
"""
"""Rules for a style sheet, which come before all others. On paper it is always light."""
