"""What augmentation makes of an image, asked as the app asks it, and held against the settings."""

import subprocess
import sys

import numpy as np
import pytest

from cifar_tui.config import DataConfig
from cifar_tui.data.variants import IMAGE_BYTES, Request, Variants, make_variants, serve

IMAGE = np.random.RandomState(0).randint(0, 256, (32, 32, 3), dtype=np.uint8)
OTHERS = tuple(bytes([shade]) * IMAGE_BYTES for shade in (40, 200))


def _made(
    variants: int = 9, draw: int = 0, others: tuple[bytes, ...] = (), **settings: object
) -> tuple[Variants, np.ndarray]:
    config = DataConfig.model_validate({"crop_padding": 0, "flip": "off"} | settings)
    answer = make_variants(
        Request(number=1, config=config, image=IMAGE.tobytes(), others=others, variants=variants, draw=draw)
    )
    return answer, np.frombuffer(answer.pixels, dtype=np.uint8).reshape(-1, 32, 32, 3)


def test_without_augmentation_every_variant_is_the_image():
    _, pixels = _made()
    assert pixels.shape == (9, 32, 32, 3)
    assert (pixels == IMAGE).all()


def test_a_flip_mirrors_some():
    _, pixels = _made(variants=40, flip="random")
    mirrored = (pixels == IMAGE[:, ::-1]).all(axis=(1, 2, 3))
    assert (mirrored | (pixels == IMAGE).all(axis=(1, 2, 3))).all()
    assert 0 < mirrored.sum() < 40


def test_a_crop_is_a_window_of_the_padded_image():
    _, pixels = _made(crop_padding=2)
    padded = np.pad(IMAGE, ((2, 2), (2, 2), (0, 0)))
    windows = [padded[top : top + 32, left : left + 32] for top in range(5) for left in range(5)]
    assert all(any((one == window).all() for window in windows) for one in pixels)


def test_another_draw_makes_others_and_the_same_one_the_same():
    assert (_made(draw=3, crop_padding=4)[1] == _made(draw=3, crop_padding=4)[1]).all()
    assert (_made(draw=3, crop_padding=4)[1] != _made(draw=4, crop_padding=4)[1]).any()


def test_mixup_tells_what_is_mixed_in_and_by_how_much():
    answer, pixels = _made(others=OTHERS, mixup=1.0)
    assert set(answer.mixed_with) == {0, 1}
    assert len(set(answer.weights)) > 1
    for one, other, weight in zip(pixels, answer.mixed_with, answer.weights, strict=True):
        expected = IMAGE * weight + (40, 200)[other] * (1 - weight)
        assert np.abs(one - expected).max() <= 0.51


def test_cutmix_pastes_a_box_of_the_other_image():
    answer, pixels = _made(others=OTHERS, cutmix=1.0)
    for one, other, weight in zip(pixels, answer.mixed_with, answer.weights, strict=True):
        pasted = (one == (40, 200)[other]).all(axis=2)
        assert pasted.mean() == pytest.approx(1 - weight, abs=0.01)
        assert (one[~pasted] == IMAGE[~pasted]).all()


def test_with_nothing_to_mix_in_an_image_is_mixed_with_itself():
    answer, pixels = _made(mixup=1.0)
    assert set(answer.mixed_with) == {-1}
    assert np.abs(pixels.astype(int) - IMAGE).max() <= 1


@pytest.mark.parametrize(
    ("line", "number"), [("{", 0), ('{"number": 7}', 7), ("[]", 0), ('{"number": "x"}', 0), ("null", 0)]
)
def test_what_is_no_request_is_a_sentence(line: str, number: int):
    answers: list[Variants] = []
    serve([line], answers.append)
    assert (answers[0].number, answers[0].pixels) == (number, b"")
    assert answers[0].error is not None
    assert answers[0].error.startswith("The image cannot be augmented: ")
    assert "\n" not in answers[0].error


def test_an_image_of_another_size_is_a_sentence():
    request = Request(number=2, config=DataConfig(), image=b"123", variants=1)
    answers: list[Variants] = []
    serve([request.model_dump_json()], answers.append)
    assert answers[0].error == "The image cannot be augmented: an image has 32x32 pixels of 3 bytes."


def test_the_process_answers_each_line_with_one():
    request = Request(number=5, config=DataConfig(), image=IMAGE.tobytes(), variants=3)
    lines = f"nonsense\n{request.model_dump_json()}\n"
    command = [sys.executable, "-m", "cifar_tui.data.variants"]
    done = subprocess.run(command, input=lines, capture_output=True, text=True, check=True)
    broken, made = (Variants.model_validate_json(line) for line in done.stdout.splitlines())
    assert broken.error is not None
    assert made.number == 5
    assert len(made.pixels) == 3 * IMAGE_BYTES
