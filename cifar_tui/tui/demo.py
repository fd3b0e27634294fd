"""The run that `--demo` begins with."""

from cifar_tui.config import DataConfig, RunConfig, Source, TrainingConfig
from cifar_tui.presets import Preset

_EPOCHS = 10


def demo_config(preset: Preset) -> RunConfig:
    """Return a run of the preset's model on the embedded images, which takes minutes and no download."""
    return RunConfig(
        name=f"Demo: {preset.title}",
        model=preset.config.model,
        data=DataConfig(source=Source.SYNTHETIC),
        training=TrainingConfig(epochs=_EPOCHS),
    )
