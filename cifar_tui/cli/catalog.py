"""`cifar-tui presets` and `cifar-tui models`: what there is to train."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cifar_tui.cli.context import Context, plain, warn

if TYPE_CHECKING:
    from cifar_tui.presets import Preset

_AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def presets(context: typer.Context, as_json: _AsJson = False) -> None:
    """List the presets by part, with what the report measured."""
    from cifar_tui.presets import PARTS, load_presets

    state: Context = context.obj
    library = load_presets(state.paths)
    for problem in library.problems:
        warn(problem)
    if as_json:
        typer.echo(json.dumps([_preset_json(preset) for preset in library.presets], indent=2))
        return
    groups = [(f"Part {part}: {title}", library.of_part(part)) for part, title in PARTS.items()]
    _print_presets([*groups, ("Others", library.without_part())])


def models(as_json: _AsJson = False) -> None:
    """List the architectures with their arguments and defaults."""
    from cifar_tui.config.fields import as_text
    from cifar_tui.models.registry import MODELS

    if as_json:
        described: list[dict[str, Any]] = [
            {
                "name": spec.name,
                "title": spec.title,
                "family": spec.family,
                "part": spec.part,
                "summary": spec.summary,
                "arguments": [asdict(argument) for argument in spec.arguments],
            }
            for spec in MODELS.values()
        ]
        typer.echo(json.dumps(described, indent=2))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", padding=(0, 1))
    for title in ("Name", "Part", "Family", "Arguments and their defaults"):
        table.add_column(title, overflow="fold")
    for spec in MODELS.values():
        arguments = ", ".join(f"{a.name}={as_text(a.default).replace(' ', '')}" for a in spec.arguments)
        table.add_row(spec.name, str(spec.part), spec.family.value, Text(arguments or "none"))
    Console().print(table)


def _preset_json(preset: "Preset") -> dict[str, Any]:
    return {
        "key": preset.key,
        "title": preset.title,
        "config": preset.config.model_dump(mode="json"),
        "reference": preset.reference.model_dump(mode="json") if preset.reference else None,
    }


def _print_presets(groups: list[tuple[str, tuple["Preset", ...]]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", padding=(0, 1))
    table.add_column("Preset", no_wrap=True)
    for title in ("Epochs", "Batch", "LR", "Report's test %"):
        table.add_column(title, justify="right", no_wrap=True)
    for title, members in groups:
        if not members:
            continue
        table.add_row(Text(title, style="bold"))
        for preset in members:
            recipe = preset.config.training
            measured = f"{preset.reference.test_accuracy * 100:.2f}" if preset.reference else ""
            row = (plain(preset.key), str(recipe.epochs), str(recipe.batch_size), f"{recipe.lr:g}", measured)
            table.add_row(*(Text(cell) for cell in (f"  {row[0]}", *row[1:])))
    Console().print(table)
