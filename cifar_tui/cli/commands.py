"""Every command, option and help text; what a command does is imported when it is called.

So `cifar-tui --help` answers at once: neither torch nor textual nor pydantic is imported for it.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer.core import TyperGroup

from cifar_tui import __version__
from cifar_tui.cli.console import USAGE, fail

if TYPE_CHECKING:
    from cifar_tui.paths import Paths

app = typer.Typer(
    help="Train and compare small image classifiers on CIFAR-100. Without a command, the app starts.",
    context_settings={"help_option_names": ["-h", "--help"]},
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
data_app = typer.Typer(help="See, download or import CIFAR-100.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(data_app, name="data")


class _SweepGroup(TyperGroup):
    """Takes `sweep PRESET …` for `sweep start PRESET …`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # the context's class moved between versions
        if args and args[0] not in (*self.commands, "-h", "--help"):
            args = ["start", *args]
        return super().parse_args(ctx, args)


sweep_app = typer.Typer(
    help="Train many combinations under one name. `sweep PRESET …` is short for `sweep start PRESET …`.",
    cls=_SweepGroup,
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(sweep_app, name="sweep")

HomeOption = Annotated[
    Path | None,
    typer.Option(
        "--home",
        metavar="DIR",
        help="Keep runs, data sets and presets under DIR instead of the user's folders; as CIFAR_TUI_HOME does.",
    ),
]
DevicesOption = Annotated[
    str,
    typer.Option(
        "--devices",
        metavar="LIST",
        help="Train on these at the same time, one run each: cuda:0,cuda:1 or cpu; auto takes every GPU there is.",
    ),
]
OnOption = Annotated[
    Literal["local", "slurm"], typer.Option("--on", help="Train here, or hand the runs to Slurm and return.")
]
SlurmOption = Annotated[
    list[str] | None,
    typer.Option("--slurm", metavar="KEY=VALUE", help="An option of sbatch, such as partition=gpu; repeatable."),
]
AtOnceOption = Annotated[
    int | None,
    typer.Option("--at-once", min=1, metavar="N", help="With Slurm: at most so many runs at the same time."),
]
RunArgument = Annotated[
    str, typer.Argument(metavar="RUN", help="A run's id, a part of it that no other run has, or its name.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
EventsOption = Annotated[bool, typer.Option("--json", help="Print each event as a line of JSON.")]


def _paths(context: typer.Context, home: Path | None) -> "Paths":
    """The folders to use: `--home` counts behind the command, and before it."""
    from cifar_tui.paths import find_paths

    return find_paths(home or context.find_root().params.get("home"))


def _devices(text: str) -> tuple[str, ...]:
    from cifar_tui.runs.devices import DevicesError, parse_devices

    try:
        return parse_devices(text)
    except DevicesError as error:
        fail(str(error), USAGE)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"cifar-tui {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def start(
    context: typer.Context,
    home: HomeOption = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="Start the app training SimpleCNN on a small embedded data set.")
    ] = False,
    devices: DevicesOption = "auto",
    on_hangup: Annotated[
        Literal["continue", "stop"],
        typer.Option("--on-hangup", help="When the terminal goes away: train the queue to its end, or stop."),
    ] = "continue",
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Start the app, unless a command is given."""
    if context.invoked_subcommand is not None:
        if demo:
            fail(f"--demo starts the app; leave it out, or leave out {context.invoked_subcommand!r}.", USAGE)
        for option, is_given in (("--devices", devices != "auto"), ("--on-hangup", on_hangup != "continue")):
            if is_given:
                fail(f"{option} before a command is the app's; leave it out, or write it behind the command.", USAGE)
        return
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        fail("The app needs a terminal; `cifar-tui train PRESET` works without one.", USAGE)
    from cifar_tui.cli.app import OnHangup, start_app

    start_app(_paths(context, home), devices=_devices(devices), demo=demo, on_hangup=OnHangup(on_hangup))


@app.command()
def train(
    context: typer.Context,
    preset: Annotated[
        str, typer.Argument(metavar="PRESET|FILE.toml", help="A preset's key, such as part1/mlp, or a preset file.")
    ],
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change a setting, such as training.epochs=5; repeatable."),
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help="What the leaderboard calls the run.")] = None,
    device: Annotated[str | None, typer.Option("--device", help="auto, cpu, mps, cuda, cuda:1 …")] = None,
    seeds: Annotated[
        str | None,
        typer.Option("--seeds", metavar="0..4", help="One run a seed, and their mean; 0..4 are five, 0,7 are two."),
    ] = None,
    go_on: Annotated[
        bool, typer.Option("--resume", help="Resume the newest unfinished run of these settings, if there is one.")
    ] = False,
    on: OnOption = "local",
    slurm: SlurmOption = None,
    as_json: EventsOption = False,
    home: HomeOption = None,
) -> None:
    """Train a preset here and now, or hand it to Slurm, without the app.

    Exits with 0 when the run finished, 1 when it failed, 2 for wrong usage, 130 when it was interrupted: Ctrl+C stops
    at the next batch and keeps a checkpoint, a second one leaves at once.
    """
    from cifar_tui.cli.placing import slurm_options
    from cifar_tui.cli.train import train_preset

    paths = _paths(context, home)
    changes = [*(settings or []), *([f"training.device={device}"] if device is not None else [])]
    options = slurm_options(paths, on, slurm or [], None)
    raise typer.Exit(train_preset(paths, preset, changes, name, seeds, slurm=options, go_on=go_on, as_json=as_json))


@app.command()
def resume(
    context: typer.Context,
    run: RunArgument,
    as_json: EventsOption = False,
    home: HomeOption = None,
) -> None:
    """Go on with a run that was stopped, failed or interrupted, exactly from its last checkpoint.

    Exits as train does.
    """
    from cifar_tui.cli.train import resume_run

    raise typer.Exit(resume_run(_paths(context, home), run, as_json=as_json))


@app.command()
def watch(
    context: typer.Context,
    run: RunArgument,
    as_json: EventsOption = False,
    home: HomeOption = None,
) -> None:
    """Follow a run that another process trains until it ends.

    Exits with 0 when the run finished, 130 when it was stopped, 1 when it failed or lost its process; Ctrl+C ends the
    watching with 130, not the run.
    """
    from cifar_tui.cli.watch import watch_run

    raise typer.Exit(watch_run(_paths(context, home), run, as_json=as_json))


@app.command()
def extend(
    context: typer.Context,
    run: RunArgument,
    epochs: Annotated[int, typer.Option("--epochs", min=1, help="Epochs in all, with those that it has.")],
    as_json: EventsOption = False,
    home: HomeOption = None,
) -> None:
    """Train a finished run on for more epochs, as a new run that names it as its parent.

    The learning rate follows the schedule of the longer run from where it stands. Exits as train does.
    """
    from cifar_tui.cli.train import extend_run

    raise typer.Exit(extend_run(_paths(context, home), run, epochs, as_json=as_json))


@app.command()
def runs(
    context: typer.Context,
    sort: Annotated[str, typer.Option("--sort", metavar="COLUMN", help="Sort by this column, best first.")] = "test",
    reverse: Annotated[bool, typer.Option("--reverse", help="Turn the order round.")] = False,
    text: Annotated[
        str,
        typer.Option("--filter", metavar="TEXT", help='Only rows with these words and terms: "cnn part:4 test>35%".'),
    ] = "",
    group: Annotated[bool, typer.Option("--group", help="One row, mean ± deviation, for all seeds of a run.")] = False,
    given: Annotated[
        bool, typer.Option("--given/--no-given", help="With the rows that the report and this project measured.")
    ] = True,
    as_json: JsonOption = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Print a Markdown table.")] = False,
    columns: Annotated[
        str | None, typer.Option("--columns", metavar="A,B,C", help="Only these columns, in this order.")
    ] = None,
    home: HomeOption = None,
) -> None:
    """Show the results of all runs."""
    from cifar_tui.cli.runs import Format, show_runs

    wishes = {Format.JSON: as_json, Format.CSV: as_csv, Format.MARKDOWN: as_markdown}
    chosen = [form for form, wanted in wishes.items() if wanted]
    if len(chosen) > 1:
        fail(f"--{chosen[0]} and --{chosen[1]} exclude each other.", USAGE)
    form = chosen[0] if chosen else Format.TABLE
    show_runs(
        _paths(context, home), form, sort=sort, reverse=reverse, text=text, with_given=given, by_group=group,
        columns=columns,
    )  # fmt: skip


@app.command()
def inspect(
    context: typer.Context,
    run: RunArgument,
    other: Annotated[
        str | None, typer.Argument(metavar="RUN2", help="A second run, to compare the two image by image.")
    ] = None,
    by: Annotated[
        Literal["class", "superclass"], typer.Option("--by", help="Count in classes, or in superclasses.")
    ] = "class",
    sort: Annotated[
        str, typer.Option("--sort", metavar="ORDER", help="recall, precision, f1 or support, best first; or name.")
    ] = "recall",
    worst: Annotated[
        int | None, typer.Option("--worst", min=1, metavar="N", help="Only the N worst classes, the worst first.")
    ] = None,
    pairs: Annotated[
        int | None, typer.Option("--pairs", min=0, metavar="N", help="So many of the most confused pairs; else 10.")
    ] = None,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Show what a finished run predicts: each class, the most confused pairs, calibration; or compare two runs.

    Two runs are compared on the same test images, with McNemar's exact test.
    """
    from cifar_tui.cli.inspect import inspect_one, inspect_two

    if other is not None:
        if worst is not None or pairs is not None or sort != "recall":
            fail("--sort, --worst and --pairs are for one run; leave them out, or leave out RUN2.", USAGE)
        if as_json and by != "class":
            fail("The JSON of two runs counts images, and no classes; leave out --by, or --json.", USAGE)
        inspect_two(_paths(context, home), run, other, by=by, as_json=as_json)
    else:
        count = 10 if pairs is None else pairs
        inspect_one(_paths(context, home), run, by=by, sort=sort, worst=worst, pairs=count, as_json=as_json)


@app.command()
def report(
    context: typer.Context,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the report is written; made if missing.")],
    runs: Annotated[
        list[str] | None,
        typer.Argument(metavar="RUN", help="Only these runs: ids, parts of ids that no other run has, or names."),
    ] = None,
    part: Annotated[
        int | None, typer.Option("--part", metavar="1..5", min=1, max=5, help="Only the finished runs of this part.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every finished run, as without any choice.")] = False,
    language: Annotated[Literal["en", "vi"], typer.Option("--lang", help="English or Vietnamese.")] = "en",
    form: Annotated[
        Literal["html", "md"], typer.Option("--format", help="One HTML file, or Markdown with figures beside it.")
    ] = "html",
    home: HomeOption = None,
) -> None:
    """Write the course report from the finished runs.

    It holds models, hyperparameters, curves, charts, tables, what the numbers show, and how to get them again. Seeds of
    one configuration become one row, mean ± standard deviation. A row that no run fills says what trains it.
    """
    from cifar_tui.cli.report import make_report

    wishes = {"RUN": bool(runs), "--part": part is not None, "--all": everything}
    chosen = [wish for wish, wanted in wishes.items() if wanted]
    if len(chosen) > 1:
        fail(f"{chosen[0]} and {chosen[1]} exclude each other.", USAGE)
    make_report(_paths(context, home), out, tuple(runs or ()), part, language, form)


@app.command()
def presets(context: typer.Context, as_json: JsonOption = False, home: HomeOption = None) -> None:
    """List the presets, by part of the assignment."""
    from cifar_tui.cli.catalog import show_presets

    show_presets(_paths(context, home), as_json=as_json)


@app.command()
def models(as_json: JsonOption = False) -> None:
    """List the models and their arguments."""
    from cifar_tui.cli.catalog import show_models

    show_models(as_json=as_json)


@app.command()
def bench(
    context: typer.Context,
    wanted: Annotated[
        list[str] | None,
        typer.Argument(metavar="MODEL", help="Presets or models; without any, the report's twelve models."),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change a setting, such as training.precision=float32."),
    ] = None,
    rounds: Annotated[int, typer.Option("--rounds", min=1, help="Measure each way so often; medians count.")] = 3,
    seconds: Annotated[float, typer.Option("--seconds", min=0.1, help="Measure so long each time.")] = 2.0,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Measure how fast this machine trains: the report's way, ours, and the bare step that is the limit.

    The report's way is torchvision's data loader with two workers, in float32. The bare step is forward, backward, clip
    and optimiser on one batch that stays on the device.
    """
    from cifar_tui.cli.bench import run_bench

    run_bench(_paths(context, home), wanted or [], settings or [], rounds=rounds, seconds=seconds, as_json=as_json)


@sweep_app.command("start")
def start_sweep_command(
    context: typer.Context,
    presets: Annotated[
        list[str], typer.Argument(metavar="PRESET…", help="Keys of presets, such as part1/mlp, or preset files.")
    ],
    grid: Annotated[
        list[str] | None,
        typer.Option(
            "--grid",
            metavar="KEY=A,B",
            help="Try these values, such as training.lr=1e-3,3e-4; repeatable.",
        ),
    ] = None,
    seeds: Annotated[
        str | None, typer.Option("--seeds", metavar="0..4", help="One run a seed; 0..4 are five, 0,7 are two.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change a setting of all runs; repeatable."),
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help="What the sweep is called.")] = None,
    devices: DevicesOption = "auto",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be trained, and how long.")] = False,
    on: OnOption = "local",
    slurm: SlurmOption = None,
    at_once: AtOnceOption = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask, however many runs there are.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a line of JSON for each run that ends.")] = False,
    home: HomeOption = None,
) -> None:
    """Train presets with every combination of the values.

    The same command again trains only what is missing. Exits with 0 when all runs finished, 1 when one failed or no
    device takes more of them, 2 for wrong usage, 130 when it was interrupted: Ctrl+C stops what trains, with
    checkpoints, and leaves the rest queued.
    """
    from cifar_tui.cli.placing import slurm_options
    from cifar_tui.cli.sweep import start_sweep

    paths = _paths(context, home)
    code = start_sweep(
        paths, presets, settings or [], grid or [], seeds, name,
        devices=_devices(devices), slurm=slurm_options(paths, on, slurm or [], at_once),
        dry_run=dry_run, yes=yes, as_json=as_json,
    )  # fmt: skip
    raise typer.Exit(code)


@sweep_app.command("status")
def sweep_status(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="A sweep; without one, all are listed.")] = None,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Show how far a sweep is, and the mean of each combination."""
    from cifar_tui.cli.sweep import show_status

    show_status(_paths(context, home), name, as_json=as_json)


@sweep_app.command("cancel")
def cancel_sweep_command(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The sweep.")],
    home: HomeOption = None,
) -> None:
    """Stop a sweep: what waits and what trains.

    All its runs can be resumed.
    """
    from cifar_tui.cli.sweep import cancel

    cancel(_paths(context, home), name)


@sweep_app.command("resume")
def resume_sweep_command(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The sweep.")],
    devices: DevicesOption = "auto",
    on: OnOption = "local",
    slurm: SlurmOption = None,
    at_once: AtOnceOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a line of JSON for each run that ends.")] = False,
    home: HomeOption = None,
) -> None:
    """Go on with all runs of a sweep that are not finished. Exits as start does."""
    from cifar_tui.cli.placing import slurm_options
    from cifar_tui.cli.sweep import resume_sweep

    paths = _paths(context, home)
    options = slurm_options(paths, on, slurm or [], at_once)
    raise typer.Exit(resume_sweep(paths, name, devices=_devices(devices), slurm=options, as_json=as_json))


@data_app.command()
def status(context: typer.Context, home: HomeOption = None) -> None:
    """Show which data sets are here."""
    from cifar_tui.cli.data import show_status

    show_status(_paths(context, home))


@data_app.command()
def download(context: typer.Context, home: HomeOption = None) -> None:
    """Download CIFAR-100: 169 MB, checked against its checksum."""
    from cifar_tui.cli.data import download_cifar100

    download_cifar100(_paths(context, home))


@data_app.command("import")
def import_(
    context: typer.Context,
    path: Annotated[
        Path,
        typer.Argument(help="cifar-100-python.tar.gz, its folder, or a folder with train/<class>/, test/<class>/."),
    ],
    home: HomeOption = None,
) -> None:
    """Take CIFAR-100 from a copy on this machine."""
    from cifar_tui.cli.data import import_cifar100

    import_cifar100(_paths(context, home), path)
