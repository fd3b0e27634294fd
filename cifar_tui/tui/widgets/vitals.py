"""Small rows of bars: how the run's rate, gradients and speed went, and what the machine does."""

from collections.abc import Callable

from rich.text import Text
from textual import work
from textual.message import Message
from textual.widgets import Static

from cifar_tui.events import BatchProgress, EpochFinished
from cifar_tui.tui.meters import GPUReading, Meters, Reading
from cifar_tui.tui.symbols import sparkline, symbols

_SECONDS_BETWEEN_READINGS = 2.0
_WIDTH = 10
"""Of each row of bars: so wide that all three of them fit a terminal of 80 columns."""


class Vitals(Static):
    """One line of the run, one of the machine; the machine's meters are read only while the line can be seen."""

    DEFAULT_CSS = """
    Vitals { height: 2; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    class Read(Message):
        """The thread has read the meters."""

        def __init__(self, reading: Reading) -> None:
            super().__init__()
            self.reading = reading

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._meters = Meters()
        self._run = Text()
        self._reading: Reading | None = None
        self.is_measuring = False
        """Whether a run trains, so that the meters tell something."""

    def on_mount(self) -> None:
        """Look at the meters now and then."""
        self.set_interval(_SECONDS_BETWEEN_READINGS, self._read_soon)

    def show(self, epochs: tuple[EpochFinished, ...], trace: tuple[BatchProgress, ...]) -> None:
        """Show the run's rows."""
        parts: list[EpochFinished | BatchProgress] = [*epochs, *trace]
        norms = [part.grad_norm for part in parts if part.grad_norm is not None]
        rows = [
            _row("lr", [part.lr for part in parts], lambda rate: f"{rate:<7.2g}", from_zero=True),
            # Their course is what counts, and the first one is often many times as large as the others.
            _row("grad norm", norms, lambda norm: f"{norm:<5.3g}", from_zero=False),
            _row("img/s", [part.images_per_second for part in parts], lambda speed: f"{speed:,.0f}", from_zero=True),
        ]
        run = Text("  ").join(row for row in rows if row)
        self._run = run
        self._draw()

    def _read_soon(self) -> None:
        if self.is_measuring and self.is_on_screen and self.screen.is_active:
            self._read()

    @work(thread=True, exclusive=True, group="meters")
    def _read(self) -> None:
        self.post_message(self.Read(self._meters.read()))

    def on_vitals_read(self, message: Read) -> None:
        """Show the machine's row."""
        message.stop()
        self._reading = message.reading
        self._draw()

    def on_resize(self) -> None:
        """Tell as much of the machine as there is room for."""
        self._draw()

    def _draw(self) -> None:
        machine = _machine_text(self._reading, self.size.width) if self._reading is not None else Text()
        text = Text("\n").join([self._run, machine])
        if text != self.content:
            self.update(text)


def _row(title: str, values: list[float], in_words: Callable[[float], str], *, from_zero: bool) -> Text:
    """One row of bars and its last value, as wide with few values as with many: what stands behind it stays there."""
    if not values:
        return Text("")
    bars = sparkline(values, _WIDTH, from_zero=from_zero).ljust(_WIDTH)
    return Text.assemble((f"{title} ", "dim"), (bars, "cyan"), f" {in_words(values[-1])}")


def _machine_text(reading: Reading, width: int) -> Text:
    """What fits `width` cells: first the gauges go, then heat and power; what is cut off after that is a GPU's."""
    gap = Text("   ")
    for with_gauges in (True, False):
        gpus = [_gpu_text(index, gpu, with_gauge=with_gauges) for index, gpu in enumerate(reading.gpus)]
        text = gap.join([*gpus, *_host_texts(reading, with_gauges=with_gauges)])
        if text.cell_len <= width:
            return text
    gpus = [_gpu_text(index, gpu, with_gauge=False, is_short=True) for index, gpu in enumerate(reading.gpus)]
    return gap.join([*_host_texts(reading, with_gauges=False), *gpus])


def _host_texts(reading: Reading, *, with_gauges: bool) -> tuple[Text, Text]:
    processor = _titled("cpu", reading.processor, with_gauge=with_gauges).append(f"{reading.processor:4.0%}")
    memory = _titled("memory", reading.memory_used / reading.memory_total, with_gauge=with_gauges)
    return processor, memory.append(_used(reading.memory_used, reading.memory_total))


def _gpu_text(index: int, gpu: GPUReading, *, with_gauge: bool, is_short: bool = False) -> Text:
    text = _titled(f"gpu {index}", gpu.utilisation, with_gauge=with_gauge)
    if gpu.utilisation is not None:
        text.append(f"{gpu.utilisation:4.0%} ")
    text.append(_used(gpu.memory_used, gpu.memory_total))
    if gpu.temperature is not None and not is_short:
        text.append(f" {gpu.temperature:2} °C")
    if gpu.power is not None and not is_short:
        text.append(f" {gpu.power:3.0f} W")
    return text


def _titled(title: str, share: float | None, *, with_gauge: bool) -> Text:
    text = Text.assemble((f"{title} ", "dim"))
    return text.append(_gauge(share), style="cyan").append(" ") if with_gauge and share is not None else text


def _gauge(share: float, width: int = 8) -> str:
    taken, free = symbols().gauge
    filled = round(min(max(share, 0.0), 1.0) * width)
    return taken * filled + free * (width - filled)


def _used(size: int, total: int) -> str:
    of = f"{total / 1e9:.1f}"
    return f"{size / 1e9:{len(of)}.1f}/{of} GB"
