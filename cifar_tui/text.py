"""Text that people brought, made safe to show."""


def printable(text: str) -> str:
    """Return `text` without characters that could steer the terminal; people choose names, and files bring them."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else "�" for character in text)
