"""The presets as a tree: a branch a part, a leaf a preset, with the result to expect beside it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from rich.style import Style
from rich.text import Text
from textual import events
from textual.geometry import Size
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from cifar_tui.models.registry import MODELS
from cifar_tui.presets import PARTS, Preset, PresetLibrary
from cifar_tui.runs.columns import percent

_NUMBER_WIDTH = 6
_LEAST_NAME_WIDTH = 10
_EDITED = " •"


@dataclass(frozen=True)
class Group:
    """A branch: presets that can be queued together."""

    title: str
    presets: tuple[Preset, ...]


class PresetTree(Tree[Preset | Group]):
    """Highlighting a leaf shows its preset in the form."""

    DEFAULT_CSS = """
    PresetTree { background: transparent; scrollbar-size-vertical: 1; overflow-x: hidden; scrollbar-gutter: stable; }
    """

    def __init__(self, library: PresetLibrary, *, id: str | None = None) -> None:
        super().__init__("Presets", id=id)
        self.show_root = False
        self.guide_depth = 2
        self._words = ""
        self._laid_out: Size | None = None
        self._edited: Collection[str] = ()
        self._fill(library)

    def render_label(self, node: TreeNode[Preset | Group], base_style: Style, style: Style) -> Text:
        """Return a line's text: the name as far as there is room, and at the edge the accuracy to expect."""
        label = super().render_label(node, base_style, style)
        room = self.scrollable_content_region.width
        if not isinstance(node.data, Preset):
            label.truncate(max(room, _LEAST_NAME_WIDTH), overflow="ellipsis")
            return label
        room = max(room - self.guide_depth - _NUMBER_WIDTH, _LEAST_NAME_WIDTH)
        mark = Text(_EDITED if node.data.key in self._edited else "", style=label.style)
        label.truncate(room - mark.cell_len, overflow="ellipsis")
        label.append_text(mark)
        label.truncate(room, pad=True)
        accuracy = node.data.expected_accuracy
        label.append(f"{'' if accuracy is None else percent(accuracy):>{_NUMBER_WIDTH}}", "dim")
        label.stylize_before(style)
        return label

    def on_resize(self, event: events.Resize) -> None:
        """Lay out the lines anew where the size is another one, not each time the tab is shown."""
        if event.size == self._laid_out:
            event.prevent_default()
        elif self._laid_out is None:  # before, there was no height to scroll within
            self.call_after_refresh(self.scroll_to_line, self.cursor_line, animate=False)
        self._laid_out = event.size

    @property
    def group(self) -> Group | None:
        """The branch that the cursor is on or in."""
        node = self.cursor_node
        while node is not None:
            if isinstance(node.data, Group):
                return node.data
            node = node.parent
        return None

    def show(self, library: PresetLibrary, words: str) -> list[str]:
        """Show the presets of `library` that hold all `words`; return their keys, in their order."""
        self._words = words
        self.clear()
        return self._fill(library)

    def mark(self, edited: Collection[str]) -> None:
        """Mark the presets, by their keys, whose form was changed."""
        if set(edited) == set(self._edited):
            return
        self._edited = edited
        for branch in self.root.children:
            for leaf in branch.children:
                if isinstance(leaf.data, Preset):
                    leaf.set_label(self._label(leaf.data))

    def select(self, key: str) -> None:
        """Move the cursor to the preset called `key`."""
        for branch in self.root.children:
            for leaf in branch.children:
                if isinstance(leaf.data, Preset) and leaf.data.key == key:
                    if self._laid_out is None:
                        self.cursor_line = leaf.line
                    else:
                        self.move_cursor(leaf)
                    return

    def _fill(self, library: PresetLibrary) -> list[str]:
        shown: list[str] = []
        for group in _groups(library):
            presets = [preset for preset in group.presets if _holds(preset, self._words)]
            if presets:
                branch = self.root.add(Text(group.title, style="bold"), group, expand=True)
                for preset in presets:
                    branch.add_leaf(self._label(preset), preset)
                    shown.append(preset.key)
        return shown

    def _label(self, preset: Preset) -> Text:
        return Text(preset.title, style="bold" if preset.key in self._edited else "")


def _groups(library: PresetLibrary) -> Sequence[Group]:
    others = library.without_part()
    mine = tuple(preset for preset in others if preset.is_own)
    groups = [Group(f"{part} {title}", library.of_part(part)) for part, title in PARTS.items()]
    groups += [Group("Beyond the report", tuple(p for p in others if not p.is_own)), Group("Mine", mine)]
    return [group for group in groups if group.presets]


def _holds(preset: Preset, words: str) -> bool:
    text = f"{preset.key} {preset.title} {MODELS[preset.config.model.name].title}".lower()
    return all(word in text for word in words.lower().split())
