"""How many images there are of what, in each split."""

from dataclasses import dataclass

import numpy as np

from cifar_tui.data.dataset import ImageDataset


@dataclass(frozen=True)
class GroupCount:
    """Some classes that are looked at together: all of them, those of a superclass, or one."""

    name: str
    classes: tuple[int, ...]
    depth: int
    """Within how many of the groups before it this one lies."""
    train: int
    val: int
    test: int


def count_groups(dataset: ImageDataset) -> tuple[GroupCount, ...]:
    """Count the images of all classes together, then of each superclass and its classes; without superclasses, of each.

    Args:
        dataset: its training images may be split already or not; without a validation split its count is 0.
    """
    classes = len(dataset.class_names)
    splits = [
        np.bincount(images.labels, minlength=classes) if images is not None else np.zeros(classes, dtype=np.int64)
        for images in (dataset.train, dataset.val, dataset.test)
    ]

    def count(name: str, chosen: tuple[int, ...], depth: int) -> GroupCount:
        train, val, test = (int(numbers[list(chosen)].sum()) for numbers in splits)
        return GroupCount(name, chosen, depth, train, val, test)

    groups = [count("all classes", tuple(range(classes)), 0)]
    if not dataset.superclass_names:
        groups += [count(name, (label,), 1) for label, name in enumerate(dataset.class_names)]
    for superclass, superclass_name in enumerate(dataset.superclass_names):
        own = tuple(label for label, its in enumerate(dataset.superclass_of) if its == superclass)
        groups.append(count(superclass_name, own, 1))
        groups += [count(dataset.class_names[label], (label,), 2) for label in own]
    return tuple(groups)
