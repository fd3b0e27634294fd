"""Telling a person who looks at another window that something has ended."""

from textual.app import App


def tell_terminal(app: App[None], text: str) -> None:
    """Ring the bell, and show `text` as a notification of the desktop in terminals that know OSC 9."""
    app.bell()
    if app._driver is not None:  # Textual offers no public way to write such a sequence
        plain = "".join(sign for sign in text if sign.isprintable())
        app._driver.write(f"\x1b]9;{plain}\x1b\\")
