"""The presets as a tree: a branch a part, a leaf a preset, with the report's result beside it."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text
from textual.widgets import Tree

from cifar_tui.presets import PARTS, Preset, PresetLibrary
from cifar_tui.runs.columns import percent

_LABEL_WIDTH = 18


@dataclass(frozen=True)
class Group:
    """A branch: presets that can be queued together."""

    title: str
    presets: tuple[Preset, ...]


class PresetTree(Tree[Preset | Group]):
    """Highlighting a leaf shows its preset in the form."""

    DEFAULT_CSS = """
    PresetTree { background: transparent; scrollbar-size-vertical: 1; overflow-x: hidden; }
    """

    def __init__(self, library: PresetLibrary, *, id: str | None = None) -> None:
        super().__init__("Presets", id=id)
        self.show_root = False
        self.guide_depth = 2
        for group in _groups(library):
            branch = self.root.add(Text(group.title, style="bold"), group, expand=True)
            for preset in group.presets:
                branch.add_leaf(_label(preset), preset)

    @property
    def group(self) -> Group | None:
        """The branch that the cursor is on or in."""
        node = self.cursor_node
        while node is not None:
            if isinstance(node.data, Group):
                return node.data
            node = node.parent
        return None

    def select(self, key: str) -> None:
        """Move the cursor to the preset called `key`."""
        for branch in self.root.children:
            for leaf in branch.children:
                if isinstance(leaf.data, Preset) and leaf.data.key == key:
                    self.move_cursor(leaf)
                    return


def _groups(library: PresetLibrary) -> Sequence[Group]:
    groups = [Group(f"{part} {title}", library.of_part(part)) for part, title in PARTS.items()]
    return [group for group in (*groups, Group("Others", library.without_part())) if group.presets]


def _label(preset: Preset) -> Text:
    label = Text(preset.title)
    label.truncate(_LABEL_WIDTH, overflow="ellipsis", pad=True)
    if preset.reference:
        label.append(f" {percent(preset.reference.test_accuracy):>5}", style="dim")
    return label
