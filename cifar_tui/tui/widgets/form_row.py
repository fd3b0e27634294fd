"""One line of the form: what was typed into a field, and what is said of it."""

from rich.text import Text

from cifar_tui.config.fields import FieldKind, FormField, as_text, parse
from cifar_tui.text import printable
from cifar_tui.tui.symbols import symbols


class FormRow:
    """A `FormField` with its value. No widget: a form has some fifty, and one of them is edited at a time."""

    def __init__(self, field: FormField, value: object, choices: list[tuple[str, str]] | None = None) -> None:
        """Begin with `value`.

        Args:
            field: what the row is of.
            value: a value of the configuration.
            choices: label and value of each choice, where the values themselves are no labels.
        """
        self.field = field
        self.choices = choices or [(str(choice), str(choice)) for choice in field.choices]
        self.typed: str | bool = ""
        """The text of the control; of a switch, whether it is on."""
        self.error: str | None = None
        self.is_changed = False
        """Whether the field differs from the preset."""
        self.display = True
        self.set_value(value)

    @property
    def value(self) -> object:
        """What the control holds, not validated."""
        return self.typed if isinstance(self.typed, bool) else parse(self.field, self.typed)

    def set_value(self, value: object) -> None:
        """Take `value`, as if it had always been there."""
        self.typed = bool(value) if self.field.kind is FieldKind.SWITCH else as_text(value)

    @property
    def title(self) -> str:
        """What stands before the control."""
        return f" {self.field.title}{' •' if self.is_changed else ''}"

    @property
    def note(self) -> str:
        """What is wrong with the value, or what the field takes."""
        if self.error is not None:
            return f"✗ {self.error}"
        return "a, b" if self.field.kind is FieldKind.NUMBERS else self.field.bounds

    def shown_value(self, width: int) -> str:
        """Return the value as `width` cells."""
        match self.field.kind:
            case FieldKind.SWITCH:
                return fitted(" [x] on" if self.typed else " [ ] off", width)
            case FieldKind.CHOICE:
                label = next((label for label, value in self.choices if value == self.typed), str(self.typed))
                return fitted(f" {label}", width - 3) + f" {symbols().choice} "
            case _:
                return fitted(f" {self.typed}", width - 1) + " "


def fitted(text: str, width: int) -> str:
    """Return `text` as exactly `width` cells, with nothing in it that could steer the terminal."""
    line = Text(printable(text))
    line.truncate(max(width, 0), overflow="ellipsis", pad=True)
    return line.plain
