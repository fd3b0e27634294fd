"""The colours of the report's figures, for light and for dark pages.

Okabe and Ito's colours, which people with any colour vision can tell apart, made darker or lighter until each stands
out from its page by 3:1. Lines and points differ in marker and line style besides.
"""

SERIES = ("#0072b2", "#d55e00", "#008a63", "#a8429a", "#7a6a00", "#882255", "#2a8fc0", "#555d66")
"""On white."""
SERIES_ON_DARK = ("#5bb8f0", "#ff9a56", "#3fd0a4", "#e58bd3", "#d9c74a", "#ee7fa3", "#a5dcff", "#c4c9d0")

INK = "#1d2530"
"""Of text."""
INK_ON_DARK = "#e6e9ee"
RULE = "#c3cad3"
"""Of axes and grids."""
RULE_ON_DARK = "#475260"

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")

LIGHT = (*SERIES, INK, RULE)
DARK = (*SERIES_ON_DARK, INK_ON_DARK, RULE_ON_DARK)
NAMES = (*(f"--series-{place}" for place in range(1, len(SERIES) + 1)), "--ink", "--rule")
"""What the page's style sheet calls them."""


def style_sheet() -> str:
    """Return the colours as custom properties, which follow the page from light to dark; print is light."""
    light, dark = ("".join(f"{n}:{c};" for n, c in zip(NAMES, colours, strict=True)) for colours in (LIGHT, DARK))
    return f":root{{{light}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}\n"
