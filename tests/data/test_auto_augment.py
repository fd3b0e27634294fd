import pytest
import torch
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2 import RandAugment, TrivialAugmentWide

from cifar_tui.config import AutoAugment
from cifar_tui.data.auto_augment import Operation, apply, auto_augment, draw_operations

_THEIRS = {
    Operation.SHEAR_X: "ShearX",
    Operation.SHEAR_Y: "ShearY",
    Operation.TRANSLATE_X: "TranslateX",
    Operation.TRANSLATE_Y: "TranslateY",
    Operation.ROTATE: "Rotate",
    Operation.BRIGHTNESS: "Brightness",
    Operation.COLOUR: "Color",
    Operation.CONTRAST: "Contrast",
    Operation.SHARPNESS: "Sharpness",
    Operation.POSTERISE: "Posterize",
    Operation.SOLARISE: "Solarize",
    Operation.AUTO_CONTRAST: "AutoContrast",
    Operation.EQUALISE: "Equalize",
}
POLICIES = {AutoAugment.RAND_AUGMENT: RandAugment, AutoAugment.TRIVIAL_AUGMENT: TrivialAugmentWide}


def pictures(count: int) -> torch.Tensor:
    """Smooth shapes with noise over them, so that every operation has something to do: uint8 `[count, 3, 32, 32]`."""
    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand(count, 3, 5, 5, generator=generator) * 220
    smooth = torch.nn.functional.interpolate(coarse, size=(32, 32), mode="bilinear")
    return (smooth + torch.rand(count, 3, 32, 32, generator=generator) * 30).to(torch.uint8)


def levels(policy: AutoAugment, operation: Operation) -> list[float]:
    """Every signed magnitude that torchvision draws for the operation."""
    make, signed = POLICIES[policy]._AUGMENTATION_SPACE[_THEIRS[operation]]
    magnitudes = make(31, 32, 32)
    if magnitudes is None:
        return [0.0]
    values = [float(value) for value in magnitudes]
    return values + [-value for value in values] if signed else values


@pytest.mark.parametrize("operation", list(_THEIRS), ids=lambda operation: operation.name)
@pytest.mark.parametrize("policy", list(POLICIES))
def test_each_operation_is_torchvisions_at_each_magnitude(policy: AutoAugment, operation: Operation):
    magnitudes = levels(policy, operation)
    images = pictures(len(magnitudes))
    ours = apply(operation, images, torch.tensor(magnitudes))
    theirs = torch.stack(
        [
            TrivialAugmentWide()._apply_image_or_video_transform(
                image, _THEIRS[operation], magnitude, interpolation=InterpolationMode.NEAREST, fill={}
            )
            for image, magnitude in zip(images, magnitudes, strict=True)
        ]
    )
    # A pixel exactly between two others may round either way.
    assert (ours != theirs).float().mean() < 0.002
    assert magnitudes == [0.0] or not torch.equal(ours, images)


@pytest.mark.parametrize("policy", list(POLICIES))
def test_draws_what_torchvision_draws(policy: AutoAugment):
    """All operations equally often, each with torchvision's magnitudes, either way where it has a sign."""
    drawn = draw_operations(policy, 28_000, torch.Generator().manual_seed(0))
    assert drawn.shape == (28_000, 2 if policy is AutoAugment.RAND_AUGMENT else 1, 2)
    which, magnitudes = drawn.flatten(0, 1).unbind(1)
    counts = torch.bincount(which.long(), minlength=14)
    expected = len(which) / 14
    assert ((counts - expected) ** 2 / expected).sum() < 45  # 13 degrees of freedom
    for operation in _THEIRS:
        allowed = torch.tensor(levels(policy, operation))
        if policy is AutoAugment.RAND_AUGMENT and len(allowed) > 1:
            allowed = allowed.view(-1, 31)[:, 9]
        own = magnitudes[which == operation]
        distance = (own[:, None] - allowed).abs().min(dim=1).values
        assert distance.max() < 1e-5, operation
        assert len(own.unique()) == len(allowed.unique()), operation


def test_every_image_has_its_own_operations():
    images = pictures(1)[0].permute(1, 2, 0).expand(14, -1, -1, -1)
    operations = torch.stack([torch.arange(14.0), torch.tensor([0.5] * 10 + [3, 0.5, 0, 0])], dim=1)[:, None]
    out = auto_augment(images, operations)
    assert out.shape == images.shape
    assert torch.equal(out[0], images[0])
    for operation in _THEIRS:
        alone = apply(operation, images[:1].permute(0, 3, 1, 2), operations[operation, :, 1])
        assert torch.equal(out[operation], alone[0].permute(1, 2, 0)), operation


def test_one_operation_follows_the_other():
    images = pictures(3).permute(0, 2, 3, 1)
    before = images.clone()
    first, second = (
        torch.tensor([[[float(which), 0.5]]]).expand(3, 1, 2) for which in (Operation.COLOUR, Operation.SOLARISE)
    )
    both = auto_augment(images, torch.cat([first, second], dim=1))
    assert torch.equal(both, auto_augment(auto_augment(images, first), second))
    assert torch.equal(images, before)


def test_no_policy_draws_nothing():
    generator = torch.Generator().manual_seed(0)
    before = generator.get_state()
    assert draw_operations(AutoAugment.NONE, 5, generator).shape == (5, 0, 2)
    assert torch.equal(generator.get_state(), before)
