"""Asks the process that augments images what it makes of one."""

import logging
from collections.abc import Callable, Sequence

from pydantic import ValidationError

from cifar_tui.config import DataConfig
from cifar_tui.data.dataset import ImageDataset
from cifar_tui.data.variants import IMAGE_BYTES, MOST_VARIANTS, Request, Variants
from cifar_tui.tui.line_process import LineProcess

logger = logging.getLogger(__name__)

_LONGEST_ANSWER = 2 * MOST_VARIANTS * IMAGE_BYTES
"""Bytes; base64 makes four of three, and there is little else in it."""
_OTHERS = 12
"""So many different images may be mixed in."""
_ENDED = "The process that augments images has ended; press n to start it again."


def draw_others(dataset: ImageDataset, itself: int | None, draw: int) -> list[int]:
    """Draw the training images that may be mixed into one; `itself` is its own place, if it is one of them, too."""
    import numpy as np  # not with the app, whose first frame would wait for it

    count = len(dataset.train)
    drawn = np.random.default_rng(draw).choice(count, min(_OTHERS + 1, count), replace=False).tolist()
    return [other for other in drawn if other != itself][:_OTHERS]


class VariantMaker:
    """One process, started with the first question. Only the newest question is answered."""

    def __init__(self, hear: Callable[[Variants], None]) -> None:
        self._hear = hear
        self._process = LineProcess(
            "cifar_tui.data.variants", self._read, ended=self._lost, longest_line=_LONGEST_ANSWER
        )
        self._number = 0
        self._is_waiting = False

    async def ask(self, config: DataConfig, image: bytes, others: Sequence[bytes], *, variants: int, draw: int) -> None:
        """Have `hear` told what the augmentation of `config` makes of `image`, or one sentence why nothing.

        Args:
            config: the augmentation.
            image: uint8 RGB, `[32, 32, 3]`.
            others: images that may be mixed in.
            variants: how many are wanted.
            draw: the same variants for the same number.
        """
        self._number += 1
        self._is_waiting = True
        request = Request(
            number=self._number, config=config, image=image, others=tuple(others), variants=variants, draw=draw
        )
        try:
            await self._process.write(request.model_dump_json().encode())
        except OSError as error:
            logger.warning("the augmenting process cannot be asked: %s", error)
            self._lost()

    async def close(self) -> None:
        """End the process."""
        await self._process.close()

    def _read(self, line: bytes) -> None:
        try:
            answer = Variants.model_validate_json(line)
        except ValidationError:
            logger.warning("the augmenting process said %r", line[:200])
            return
        if answer.number == self._number:
            self._is_waiting = False
            self._hear(answer)

    def _lost(self) -> None:
        if self._is_waiting:
            self._is_waiting = False
            self._hear(Variants(number=self._number, error=_ENDED))
