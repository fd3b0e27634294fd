"""The garbage collector, kept still while thousands of records are read."""

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def collector_at_rest() -> Iterator[None]:
    """Collect no cycles inside the block.

    Reading makes many objects and no garbage, and the collector would walk all of them again and again: with 10,000
    runs that took as long as the reading itself.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
