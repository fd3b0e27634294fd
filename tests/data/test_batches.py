import numpy as np
import pytest
import torch
from torchvision.transforms import functional as TF
from torchvision.transforms import v2

from cifar_tui.data.batches import MEAN, STD, EvalBatches, TrainBatches, crop_and_flip
from cifar_tui.data.dataset import LabelledImages

CPU = torch.device("cpu")


def images(count: int, seed: int = 0) -> LabelledImages:
    pixels = np.random.RandomState(seed).randint(0, 256, (count, 32, 32, 3)).astype(np.uint8)
    return LabelledImages(pixels, np.arange(count, dtype=np.int64))


def batches(data: LabelledImages, *, batch_size=16, crop_padding=4, flip=True, seed=0) -> TrainBatches:
    return TrainBatches(data, batch_size=batch_size, crop_padding=crop_padding, flip=flip, device=CPU, seed=seed)


def as_bytes(normalised: torch.Tensor) -> torch.Tensor:
    std, mean = torch.tensor(STD).view(3, 1, 1), torch.tensor(MEAN).view(3, 1, 1)
    return ((normalised * std + mean) * 255).round().to(torch.uint8)


def test_fixed_offsets_give_torchvisions_pixels_exactly():
    data = torch.from_numpy(images(81).pixels)
    padded = torch.nn.functional.pad(data, (0, 0, 4, 4, 4, 4))
    tops, lefts = torch.arange(81) // 9, torch.arange(81) % 9
    mirrored = torch.arange(81) % 2 == 0
    ours = crop_and_flip(padded, torch.arange(81), tops, lefts, mirrored)
    for index in range(81):
        theirs = TF.crop(TF.pad(data[index].permute(2, 0, 1), [4]), int(tops[index]), int(lefts[index]), 32, 32)
        if mirrored[index]:
            theirs = TF.hflip(theirs)
        assert torch.equal(ours[index].permute(2, 0, 1), theirs)


def test_the_distribution_is_torchvisions():
    """A ramp image betrays its offset and mirroring: both come as often as in RandomCrop and RandomHorizontalFlip."""
    ramp = np.zeros((32, 32, 3), dtype=np.uint8)
    ramp[..., 0], ramp[..., 1] = np.arange(32)[:, None] + 100, np.arange(32)[None, :] + 100
    count = 20_000
    data = LabelledImages(np.broadcast_to(ramp, (count, 32, 32, 3)).copy(), np.arange(count))
    centre = torch.cat([as_bytes(x)[:, :2, 15:17, 15:17] for x, _ in batches(data, batch_size=500).epoch(1)]).int()
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
    ours = torch.cat([as_bytes(x) for x, _ in batches(data, batch_size=500).epoch(2)]).float().mean(0)
    assert (mean - ours).abs().max() < 4


def test_values_are_normalised_and_the_border_is_black():
    data = images(40)
    (pixels, labels), *_ = EvalBatches(data, batch_size=40, device=CPU)
    expected = v2.functional.normalize(torch.from_numpy(data.pixels).permute(0, 3, 1, 2) / 255, MEAN, STD)
    assert torch.allclose(pixels, expected, atol=1e-5)
    assert torch.equal(labels, torch.arange(40))
    white = LabelledImages(np.full((200, 32, 32, 3), 255, np.uint8), np.arange(200))
    seen = torch.cat([as_bytes(x).flatten() for x, _ in batches(white).epoch(1)]).unique()
    assert seen.tolist() == [0, 255]


def test_an_epoch_shows_every_image_once():
    labels = torch.cat([y for _, y in batches(images(50)).epoch(1)])
    assert labels.sort().values.tolist() == list(range(50))


@pytest.mark.parametrize(("count", "expected"), [(48, [16, 16, 16]), (50, [16, 16, 16, 2]), (49, [16, 16, 16])])
def test_a_last_batch_of_one_is_left_out(count: int, expected: list[int]):
    data = batches(images(count))
    assert [len(y) for _, y in data.epoch(1)] == expected
    assert data.batches_per_epoch == len(expected)


def test_seed_and_epoch_decide_everything():
    def stream(seed: int, epoch: int, first: int = 0) -> list[torch.Tensor]:
        return [x for x, _ in batches(images(64), seed=seed).epoch(epoch, first_batch=first)]

    whole = stream(3, 5)
    assert all(torch.equal(a, b) for a, b in zip(whole, stream(3, 5), strict=True))
    assert all(torch.equal(a, b) for a, b in zip(whole[2:], stream(3, 5, first=2), strict=True))
    assert not torch.equal(whole[0], stream(3, 6)[0])
    assert not torch.equal(whole[0], stream(4, 5)[0])


def test_augmentation_can_be_switched_off():
    data = images(32)
    for pixels, labels in batches(data, crop_padding=0, flip=False).epoch(1):
        assert torch.equal(as_bytes(pixels).permute(0, 2, 3, 1), torch.from_numpy(data.pixels)[labels])
