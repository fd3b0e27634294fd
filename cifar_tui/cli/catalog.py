"""`cifar-tui presets` and `cifar-tui models`."""

import json
from collections.abc import Iterable

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cifar_tui.cli.console import make_console, warn
from cifar_tui.models.registry import MODELS, ModelSpec
from cifar_tui.paths import Paths
from cifar_tui.presets import PARTS, Preset, load_presets
from cifar_tui.runs.columns import percent
from cifar_tui.runs.references import references_of
from cifar_tui.runs.table import References
from cifar_tui.text import printable


def show_presets(paths: Paths, *, as_json: bool) -> None:
    """Print the presets, grouped by part; a warning for each that cannot be read."""
    library = load_presets(paths)
    for problem in library.problems:
        warn(problem)
    if as_json:
        print(json.dumps([_preset_as_json(preset) for preset in library.presets], indent=2))
        return
    references = references_of(library.presets)
    console = make_console()
    for part, title in PARTS.items():
        console.print(Text(f"Part {part}: {title}", style="bold"))
        if part == 2:
            compared = ", ".join(printable(preset.key) for preset in library.of_part(part))
            console.print(_indented(Text(compared)))
        else:
            console.print(_indented(_preset_table(library.of_part(part), references)))
        console.print()
    if others := library.without_part():
        console.print(Text("Others", style="bold"))
        console.print(_indented(_preset_table(others, references)))


def show_models(*, as_json: bool) -> None:
    """Print every model with its arguments and the parameters that it has with their defaults."""
    if as_json:
        print(json.dumps([_model_as_json(spec) for spec in MODELS.values()], indent=2))
        return
    console = make_console()
    for spec in MODELS.values():
        introduced = f", part {spec.part}" if spec.part else ""
        console.print(
            Text.assemble(
                (spec.name, "bold"), f"  {spec.title} ({spec.family}{introduced}, {spec.parameters:,} parameters)"
            )
        )
        console.print(_indented(Text(spec.summary)))
        if spec.arguments:
            table = _plain_table("argument", "default", "meaning")
            for argument in spec.arguments:
                table.add_row(f"model.{argument.name}", _as_toml(argument.default), Text(argument.help))
            console.print(_indented(table))
        console.print()


def _preset_table(presets: Iterable[Preset], references: References) -> Table:
    table = _plain_table("preset", "title", "epochs", "lr", "batch", "report", "measured")
    for column in table.columns[2:]:
        column.justify = "right"
    for preset in presets:
        training, reference = preset.config.training, references.of_settings(preset.config)
        table.add_row(
            Text(printable(preset.key)),
            Text(printable(_title_with_model(preset))),
            str(training.epochs),
            f"{training.lr:g}",
            str(training.batch_size),
            percent(reference) if reference else "",
            percent(preset.measured.test_accuracy) if preset.measured else "",
        )
    return table


def _title_with_model(preset: Preset) -> str:
    model = MODELS[preset.config.model.name].title
    return preset.title if model in preset.title else f"{preset.title} ({model})"


def _indented(content: RenderableType) -> Padding:
    return Padding(content, (0, 0, 0, 2), expand=False)


def _plain_table(*titles: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for title in titles:
        table.add_column(title, no_wrap=title == titles[0])
    return table


def _preset_as_json(preset: Preset) -> dict[str, object]:
    return {
        "key": preset.key,
        "title": preset.title,
        "config": preset.config.model_dump(mode="json"),
        "reference": preset.reference.model_dump() if preset.reference else None,
    }


def _model_as_json(spec: ModelSpec) -> dict[str, object]:
    return {
        "name": spec.name,
        "title": spec.title,
        "family": spec.family,
        "part": spec.part,
        "summary": spec.summary,
        "parameters": spec.parameters,
        "arguments": [
            {"name": argument.name, "title": argument.title, "help": argument.help, "default": argument.default}
            for argument in spec.arguments
        ],
    }


def _as_toml(value: object) -> str:
    """A default as `--set` takes it."""
    return json.dumps(value)
