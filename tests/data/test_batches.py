import numpy as np
import pytest
import torch
from torchvision.transforms import functional as TF
from torchvision.transforms import v2

from cifar_tui.config import DataConfig
from cifar_tui.data.batches import MEAN, STD, EvalBatches, TrainBatches
from cifar_tui.data.dataset import LabelledImages

CPU = torch.device("cpu")


def images(count: int, seed: int = 0) -> LabelledImages:
    pixels = np.random.RandomState(seed).randint(0, 256, (count, 32, 32, 3)).astype(np.uint8)
    return LabelledImages(pixels, np.arange(count, dtype=np.int64))


def batches(data: LabelledImages, *, batch_size=16, seed=0, channels_last=True, **augmentation) -> TrainBatches:
    config = DataConfig(**augmentation)
    return TrainBatches(data, config, batch_size=batch_size, device=CPU, seed=seed, channels_last=channels_last)


def eval_batches(data: LabelledImages, *, batch_size: int, channels_last: bool = True) -> EvalBatches:
    return EvalBatches(data, batch_size=batch_size, device=CPU, channels_last=channels_last)


def as_bytes(normalised: torch.Tensor) -> torch.Tensor:
    std, mean = torch.tensor(STD).view(3, 1, 1), torch.tensor(MEAN).view(3, 1, 1)
    return ((normalised * std + mean) * 255).round().to(torch.uint8)


@pytest.mark.parametrize("channels_last", [True, False])
def test_every_image_is_a_window_of_torchvisions(channels_last: bool):
    """Each augmented image is the very pixels of some crop and mirroring that torchvision could have made."""
    data = images(60)
    for pixels, labels, mix in batches(data, batch_size=20, channels_last=channels_last).epoch(1):
        assert mix is None
        for image, label in zip(as_bytes(pixels), labels.tolist(), strict=True):
            original = torch.from_numpy(data.pixels[label]).permute(2, 0, 1)
            padded = TF.pad(original, [4])
            windows = padded.unfold(1, 32, 1).unfold(2, 32, 1).permute(1, 2, 0, 3, 4).reshape(-1, 3, 32, 32)
            both = torch.cat([windows, windows.flip(3)])
            assert (both == image).flatten(1).all(dim=1).sum() == 1


def test_both_memory_orders_hold_the_same_values():
    data = images(40)
    orders = [list(batches(data, channels_last=last).epoch(1)) for last in (True, False)]
    for one, other in zip(*orders, strict=True):
        assert torch.equal(one.images, other.images)
        assert one.images.is_contiguous(memory_format=torch.channels_last)
        assert other.images.is_contiguous()
    whole = [next(iter(eval_batches(data, batch_size=40, channels_last=last)))[0] for last in (True, False)]
    assert torch.equal(*whole)
    assert [pixels.is_contiguous() for pixels in whole] == [False, True]


def test_where_rows_cannot_be_gathered_pixels_are(monkeypatch: pytest.MonkeyPatch):
    data = images(40)
    rows = list(batches(data).epoch(1))
    monkeypatch.setattr("cifar_tui.data.batches._gathers_overlapping_rows", lambda device: False)
    for one, other in zip(rows, batches(data).epoch(1), strict=True):
        assert torch.equal(one.images, other.images)


def test_the_distribution_is_torchvisions():
    """A ramp image betrays its offset and mirroring: both come as often as in RandomCrop and RandomHorizontalFlip."""
    ramp = np.zeros((32, 32, 3), dtype=np.uint8)
    ramp[..., 0], ramp[..., 1] = np.arange(32)[:, None] + 100, np.arange(32)[None, :] + 100
    count = 20_000
    data = LabelledImages(np.broadcast_to(ramp, (count, 32, 32, 3)).copy(), np.arange(count))
    centre = torch.cat([as_bytes(x)[:, :2, 15:17, 15:17] for x, _, _ in batches(data, batch_size=500).epoch(1)]).int()
    tops = centre[:, 0, 0, 0] - 100 - 15 + 4
    mirrored = centre[:, 1, 0, 1] < centre[:, 1, 0, 0]
    lefts = torch.where(mirrored, centre[:, 1, 0, 1] - 15, centre[:, 1, 0, 0] - 15) - 100 + 4
    cells = torch.bincount(tops * 9 + lefts, minlength=81)
    assert cells.sum() == count
    expected = count / 81
    chi_square = ((cells - expected) ** 2 / expected).sum()
    assert chi_square < 140  # 80 degrees of freedom: more than this comes once in 30,000 seeds
    assert abs(mirrored.float().mean() - 0.5) < 0.02
    theirs = v2.Compose([v2.RandomCrop(32, padding=4), v2.RandomHorizontalFlip()])
    one = torch.from_numpy(ramp).permute(2, 0, 1)
    torch.manual_seed(0)
    mean = torch.stack([theirs(one) for _ in range(3000)]).float().mean(0)
    ours = torch.cat([as_bytes(x) for x, _, _ in batches(data, batch_size=500).epoch(2)]).float().mean(0)
    assert (mean - ours).abs().max() < 4


def test_values_are_normalised_and_the_border_is_black():
    data = images(40)
    (pixels, labels), *_ = eval_batches(data, batch_size=40)
    expected = v2.functional.normalize(torch.from_numpy(data.pixels).permute(0, 3, 1, 2) / 255, MEAN, STD)
    assert torch.allclose(pixels, expected, atol=1e-5)
    assert torch.equal(labels, torch.arange(40))
    white = LabelledImages(np.full((200, 32, 32, 3), 255, np.uint8), np.arange(200))
    seen = torch.cat([as_bytes(x).flatten() for x, _, _ in batches(white).epoch(1)]).unique()
    assert seen.tolist() == [0, 255]


def test_an_epoch_shows_every_image_once():
    labels = torch.cat([y for _, y, _ in batches(images(50)).epoch(1)])
    assert labels.sort().values.tolist() == list(range(50))


@pytest.mark.parametrize(("count", "expected"), [(48, [16, 16, 16]), (50, [16, 16, 16, 2]), (49, [16, 16, 16])])
def test_a_last_batch_of_one_is_left_out(count: int, expected: list[int]):
    data = batches(images(count))
    assert [len(y) for _, y, _ in data.epoch(1)] == expected
    assert data.batch_sizes == expected


def test_seed_and_epoch_decide_everything():
    def stream(seed: int, epoch: int, first: int = 0) -> list[torch.Tensor]:
        return [x for x, _, _ in batches(images(64), seed=seed).epoch(epoch, first_batch=first)]

    whole = stream(3, 5)
    assert all(torch.equal(a, b) for a, b in zip(whole, stream(3, 5), strict=True))
    assert all(torch.equal(a, b) for a, b in zip(whole[2:], stream(3, 5, first=2), strict=True))
    assert not torch.equal(whole[0], stream(3, 6)[0])
    assert not torch.equal(whole[0], stream(4, 5)[0])


def test_augmentation_can_be_switched_off():
    data = images(32)
    for pixels, labels, _ in batches(data, crop_padding=0, flip="off").epoch(1):
        assert torch.equal(as_bytes(pixels).permute(0, 2, 3, 1), torch.from_numpy(data.pixels)[labels])


def test_alternating_flip_mirrors_every_other_epoch():
    """Each image is mirrored in the odd epochs, or in the even ones; which, is a matter of chance (airbench, 2024)."""
    data = images(400)
    loader = batches(data, batch_size=100, crop_padding=0, flip="alternating")

    def mirrored(epoch: int) -> torch.Tensor:
        seen = torch.zeros(400, dtype=torch.bool)
        for pixels, labels, _ in loader.epoch(epoch):
            original = torch.from_numpy(data.pixels)[labels].permute(0, 3, 1, 2)
            same = (as_bytes(pixels) == original).flatten(1).all(dim=1)
            assert torch.equal(as_bytes(pixels)[~same], original[~same].flip(3))
            seen[labels] = ~same
        return seen

    first = mirrored(1)
    assert 140 < first.sum() < 260
    assert torch.equal(mirrored(2), ~first)
    assert torch.equal(mirrored(3), first)


ALL = {"auto_augment": "trivial_augment", "erasing": 0.5, "mixup": 0.2, "cutmix": 1.0, "flip": "alternating"}


def test_a_batch_in_the_middle_is_the_same_as_in_the_whole_epoch():
    data = images(64)
    whole = list(batches(data, batch_size=10, **ALL).epoch(2))
    for first in (1, 4, 6):
        for one, other in zip(whole[first:], batches(data, batch_size=10, **ALL).epoch(2, first), strict=True):
            assert torch.equal(one.images, other.images)
            assert torch.equal(one.labels, other.labels)
            assert one.mix is not None
            assert other.mix is not None
            assert torch.equal(one.mix.labels, other.mix.labels)
            assert one.mix.weight == other.mix.weight


@pytest.mark.parametrize("ingredient", ["auto_augment", "erasing", "mixup"])
def test_further_ingredients_leave_shuffle_and_crops_as_they_were(ingredient: str):
    data = images(64)
    plain, more = (list(batches(data, **chosen).epoch(1)) for chosen in ({}, {ingredient: ALL[ingredient]}))
    assert all(torch.equal(one.labels, other.labels) for one, other in zip(plain, more, strict=True))
    assert any(not torch.equal(one.images, other.images) for one, other in zip(plain, more, strict=True))
