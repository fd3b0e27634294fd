import numpy as np

from cifar_tui.data.counts import GroupCount, count_groups
from cifar_tui.data.dataset import ImageDataset, LabelledImages


def _images(*labels: int) -> LabelledImages:
    return LabelledImages(np.zeros((len(labels), 32, 32, 3), dtype=np.uint8), np.array(labels))


def test_superclasses_hold_their_classes():
    dataset = ImageDataset(
        "four", _images(0, 0, 1, 2, 3), _images(2), _images(3, 3), ("ant", "bus", "cow", "car"),
        ("animals", "vehicles"), (0, 1, 0, 1),
    )  # fmt: skip
    assert count_groups(dataset) == (
        GroupCount("all classes", (0, 1, 2, 3), 0, 5, 1, 2),
        GroupCount("animals", (0, 2), 1, 3, 1, 0),
        GroupCount("ant", (0,), 2, 2, 0, 0),
        GroupCount("cow", (2,), 2, 1, 1, 0),
        GroupCount("vehicles", (1, 3), 1, 2, 0, 2),
        GroupCount("bus", (1,), 2, 1, 0, 0),
        GroupCount("car", (3,), 2, 1, 0, 2),
    )


def test_without_superclasses_and_without_a_validation_split():
    dataset = ImageDataset("two", _images(0, 1, 1), None, _images(1), ("ant", "bus"))
    assert [(group.name, group.depth, group.train, group.val, group.test) for group in count_groups(dataset)] == [
        ("all classes", 0, 3, 0, 1),
        ("ant", 1, 1, 0, 0),
        ("bus", 1, 2, 0, 1),
    ]
