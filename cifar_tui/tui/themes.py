"""The colours: dark, light, and the terminal's own sixteen."""

from textual.app import App
from textual.theme import BUILTIN_THEMES, Theme

THEMES = ("dark", "light", "terminal")


def register_themes(app: App[None]) -> None:
    """Make the three themes known to `app`, and no others."""
    for name in list(app.available_themes):
        app.unregister_theme(name)
    for theme in _themes():
        app.register_theme(theme)


def _themes() -> tuple[Theme, ...]:
    terminal = BUILTIN_THEMES["ansi-dark"]
    return (
        Theme(
            name="dark",
            primary="#56b4e9",
            secondary="#009e73",
            accent="#e69f00",
            warning="#e69f00",
            error="#ff6b5e",
            success="#3fbf8f",
            foreground="#d8dee9",
            background="#12151a",
            surface="#1a1f27",
            panel="#232a35",
            dark=True,
            variables={
                "border-blurred": "#3b4656",
                "block-cursor-text-style": "none",
                "input-selection-background": "#56b4e9 35%",
            },
        ),
        Theme(
            name="light",
            primary="#0072b2",
            secondary="#00664b",
            accent="#a34700",
            warning="#a34700",
            error="#b3261e",
            success="#00664b",
            foreground="#1f2328",
            background="#fbfbf9",
            surface="#f1f1ee",
            panel="#e4e4df",
            dark=False,
            variables={
                "border-blurred": "#c4c4bc",
                "block-cursor-text-style": "none",
                "input-selection-background": "#0072b2 25%",
            },
        ),
        Theme(
            name="terminal",
            ansi=True,
            primary=terminal.primary,
            secondary=terminal.secondary,
            warning=terminal.warning,
            error=terminal.error,
            success=terminal.success,
            accent=terminal.accent,
            foreground=terminal.foreground,
            background=terminal.background,
            surface=terminal.surface,
            panel=terminal.panel,
            boost=terminal.boost,
            dark=True,
            variables={**terminal.variables, "border-blurred": "ansi_bright_black"},
        ),
    )
