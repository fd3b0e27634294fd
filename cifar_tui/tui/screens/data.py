"""The Data tab: how many images there are of what, what they look like, and what augmentation makes of them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import DataTable

from cifar_tui.config import DataConfig, Source
from cifar_tui.data.dataset import DatasetError, ImageDataset, LabelledImages
from cifar_tui.data.variants import Variants
from cifar_tui.paths import Paths
from cifar_tui.tui.augmentation import augmentation_words
from cifar_tui.tui.keys import bindings
from cifar_tui.tui.screens.dataset import NO_CIFAR100
from cifar_tui.tui.variants import VariantMaker, draw_others
from cifar_tui.tui.widgets.count_table import CountTable
from cifar_tui.tui.widgets.data_images import DataImages

if TYPE_CHECKING:  # numpy takes a good part of the time to the app's first frame
    from cifar_tui.data.counts import GroupCount

_SPLITS = {"train": "training", "val": "validation", "test": "test"}
_VARIANTS = 59
"""With the image itself a round number."""


@dataclass(frozen=True, eq=False)
class _Shown:
    """An image that is shown augmented."""

    images: LabelledImages
    index: int


class DataPane(Horizontal):
    """The classes on the left, the images of the chosen one on the right."""

    DEFAULT_CSS = """
    DataPane { height: 1fr; }
    DataPane #data-classes { width: 56%; max-width: 48; }
    DataPane #data-classes:blur > .datatable--cursor { text-style: underline; }
    DataPane #data-images { width: 1fr; }
    DataPane #data-classes, DataPane #data-images {
        height: 1fr; background: $background; border: round $border-blurred;
        border-title-color: $text-muted; border-subtitle-color: $text-muted; scrollbar-size-vertical: 1;
    }
    DataPane #data-classes:focus, DataPane #data-images:focus {
        border: round $primary; background-tint: $background 0%;
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings("data")

    class DataWanted(Message):
        """A person wants to choose where the images come from."""

    class Read(Message):
        """The data set was read; a sentence in its place when it could not be."""

        def __init__(
            self, config: DataConfig, dataset: ImageDataset | None, groups: "tuple[GroupCount, ...]", error: str = ""
        ) -> None:
            super().__init__()
            self.config = config
            self.dataset = dataset
            self.groups = groups
            self.error = error

    class Augmented(Message):
        """The process answered."""

        def __init__(self, variants: Variants) -> None:
            super().__init__()
            self.variants = variants

    def __init__(self, paths: Paths) -> None:
        super().__init__()
        self._paths = paths
        self._config: DataConfig | None = None
        self._wanted: tuple[object, ...] | None = None
        """Of the configuration: which images are read, or being read."""
        self._dataset: ImageDataset | None = None
        self._split = "train"
        self._group: GroupCount | None = None
        """Whose images are shown, or one of them augmented."""
        self._augmented: _Shown | None = None
        """None while the images of a class are shown."""
        self._draw = 0
        self._other_names: list[str] = []
        """The classes of the images that may be mixed in."""
        self._maker = VariantMaker(self._heard)

    def compose(self) -> ComposeResult:
        """Lay out the table and the images."""
        table = CountTable(id="data-classes")
        table.border_title = "Classes"
        yield table
        yield DataImages(id="data-images")

    async def on_unmount(self) -> None:
        """Let the process go."""
        await self._maker.close()

    def show(self, config: DataConfig | None, wrong: str | None) -> None:
        """Show the images that `config` names; read them where they are others than before.

        Args:
            config: what the form says; None where it says nothing that can be used.
            wrong: what is wrong with the form then.
        """
        if config is None:
            if self._dataset is None:
                self._grid.say("Images", f"The form is not right yet: {wrong or 'see Launch.'}", is_wrong=True)
            return
        before, self._config = self._config, config
        wanted = _images_of(config)
        if wanted != self._wanted:
            self._forget()
            if config.source is Source.CIFAR100 and not self._paths.has_cifar100:
                self._grid.say("Images", NO_CIFAR100)
                return
            self._wanted = wanted
            self._grid.say("Images", "Reading the images …")
            self._read(config)
        elif self._augmented is not None and config != before:
            self._ask()

    def offers(self, action: str) -> bool:
        """Whether the line of keys names the key of `action` now."""
        match action:
            case "get_data":
                return self._dataset is None
            case "draw":
                return self._augmented is not None
            case "next_split" | "augment" | "size(1)" | "size(-1)":
                return self._dataset is not None
        return True

    def action_next_split(self) -> None:
        """Show the training, the validation or the test images, in turn."""
        splits = list(_SPLITS)
        self._split = splits[(splits.index(self._split) + 1) % len(splits)]
        self._show_group()

    def action_look_closer(self) -> None:
        """Move from the classes to their images; from an image to its variants."""
        if self._grid.has_focus:
            self._augment()
        else:
            self._grid.focus()

    def action_augment(self) -> None:
        """Show the chosen image as the augmentation makes it, or all images again."""
        if self._augmented is None:
            self._augment()
        else:
            self._leave_variants()

    def action_draw(self) -> None:
        """Draw other variants."""
        if self._augmented is None:
            self._augment()
        else:
            self._draw += 1
            self._ask()

    def action_size(self, step: int) -> None:
        """Draw the images larger or smaller."""
        self._grid.resize_images(step)

    def action_get_data(self) -> None:
        """Download or import CIFAR-100, or use the embedded set."""
        self.post_message(self.DataWanted())

    def action_back(self) -> None:
        """Go back: from the variants to the images, from these to the classes."""
        if self._augmented is not None:
            self._leave_variants()
        else:
            self._table.focus()

    @property
    def _table(self) -> CountTable:
        return self.query_one(CountTable)

    @property
    def _grid(self) -> DataImages:
        return self.query_one(DataImages)

    def _forget(self) -> None:
        self._wanted = self._dataset = self._group = self._augmented = None
        self.refresh_bindings()
        self._table.show(())
        self._table.border_title = "Classes"

    @work(thread=True, exclusive=True, group="data")
    def _read(self, config: DataConfig) -> None:
        from cifar_tui.data.counts import count_groups
        from cifar_tui.data.load import load

        try:
            dataset = load(config, self._paths)
            message = self.Read(config, dataset, count_groups(dataset))
        except DatasetError as error:
            message = self.Read(config, None, (), str(error))
        self.post_message(message)

    @on(Read)
    def _has_read(self, message: Read) -> None:
        message.stop()
        if _images_of(message.config) != self._wanted:
            return  # the form names other images by now
        if message.dataset is None:
            self._forget()
            self._grid.say("Images", message.error, is_wrong=True)
            return
        self._dataset = message.dataset
        self.refresh_bindings()
        self._table.border_title = Text(message.dataset.name)
        self._table.show(message.groups)
        self._show_group()

    @on(DataTable.RowHighlighted)
    def _row_highlighted(self, message: DataTable.RowHighlighted) -> None:
        message.stop()
        if self._table.chosen != self._group:  # a table that is filled anew tells of the same row again
            self._show_group()

    @on(DataTable.RowSelected)
    def _row_selected(self, message: DataTable.RowSelected) -> None:
        message.stop()
        self._grid.focus()

    def _show_group(self, chosen: int | None = None) -> None:
        """Show the images of the chosen classes, with the cursor on the one with the index `chosen`, or the first."""
        import numpy as np

        group, dataset = self._table.chosen, self._dataset
        if group is None or dataset is None:
            return
        self._group, self._augmented = group, None
        self.refresh_bindings()
        images: LabelledImages | None = getattr(dataset, self._split)
        title = f"{self._split.capitalize()} · {group.name}"
        if images is None or not (indices := np.isin(images.labels, group.classes).nonzero()[0].tolist()):
            self._grid.say(title, f"There are no {_SPLITS[self._split]} images of {group.name}.")
            return
        labels, names, is_one = images.labels, dataset.class_names, len(group.classes) == 1
        self._grid.show(
            images.pixels,
            indices,
            lambda index: str(index) if is_one else names[labels[index]],
            title,
            hint="a augments",
            cursor=indices.index(chosen) if chosen in indices else 0,  # the table may be a class further
        )

    def _augment(self) -> None:
        index = self._grid.chosen
        if self._dataset is not None and self._augmented is None and index is not None:
            self._augmented = _Shown(getattr(self._dataset, self._split), index)
            self.refresh_bindings()
            self._draw = 0
            self._ask()

    def _leave_variants(self) -> None:
        shown = self._augmented
        self._show_group(shown.index if shown is not None else None)

    def _ask(self) -> None:
        self._grid.say(self._variants_title, "Augmenting …")
        self._ask_process()

    @work(exclusive=True, group="variants")
    async def _ask_process(self) -> None:
        shown, config, dataset = self._augmented, self._config, self._dataset
        if shown is None or config is None or dataset is None:
            return
        others = draw_others(dataset, shown.index if shown.images is dataset.train else None, self._draw)
        self._other_names = [dataset.class_names[dataset.train.labels[other]] for other in others]
        await self._maker.ask(
            config,
            shown.images.pixels[shown.index].tobytes(),
            [dataset.train.pixels[other].tobytes() for other in others],
            variants=_VARIANTS,
            draw=self._draw,
        )

    def _heard(self, variants: Variants) -> None:
        self.post_message(self.Augmented(variants))

    @on(Augmented)
    def _show_variants(self, message: Augmented) -> None:
        import numpy as np

        message.stop()
        variants, shown = message.variants, self._augmented
        if shown is None:
            return
        if variants.error is not None:
            self._grid.say(self._variants_title, variants.error, is_wrong=True)
            return
        image = shown.images.pixels[shown.index]
        made = np.frombuffer(variants.pixels, dtype=np.uint8).reshape(-1, *image.shape)

        def caption(place: int) -> str:
            if place == 0:
                return "as it is"
            if not variants.weights:
                return str(place)
            name = self._other_names[variants.mixed_with[place - 1]]
            return f"{1 - variants.weights[place - 1]:.0%} {name}"

        pixels = np.concatenate([image[None], made])
        self._grid.show(pixels, range(len(pixels)), caption, self._variants_title, hint="n draws others")

    @property
    def _variants_title(self) -> str:
        shown, dataset, config = self._augmented, self._dataset, self._config
        assert shown is not None
        assert dataset is not None
        assert config is not None
        return f"{dataset.class_names[shown.images.labels[shown.index]]} {shown.index}: {augmentation_words(config)}"


def _images_of(config: DataConfig) -> tuple[object, ...]:
    """Return what decides which images are in which split."""
    return config.source, config.path, config.val_fraction, config.split_seed
