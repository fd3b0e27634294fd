"""What the form's augmentation is, in a few words."""

from collections.abc import Iterator

from cifar_tui.config import AutoAugment, DataConfig, Flip


def augmentation_words(config: DataConfig) -> str:
    """Return what is done to a training image, in the order in which it is done."""
    return ", ".join(_parts(config)) or "nothing"


def _parts(config: DataConfig) -> Iterator[str]:
    if config.crop_padding:
        yield f"crop {config.crop_padding}"
    if config.flip is not Flip.OFF:
        yield "flip" if config.flip is Flip.RANDOM else f"{config.flip} flip"
    if config.auto_augment is not AutoAugment.NONE:
        yield config.auto_augment.value
    if config.erasing:
        yield f"erasing {config.erasing:g}"
    if config.mixup:
        yield f"mixup {config.mixup:g}"
    if config.cutmix:
        yield f"cutmix {config.cutmix:g}"
