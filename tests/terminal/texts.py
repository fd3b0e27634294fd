"""Every text on the app's screens that these tests and measurements look for, and every key but `1 2 3`, `q`, `?`."""

TAB_BAR = "Leaderboard"
"""Is there as soon as there is a frame."""

TOO_SMALL = "needs 60 columns"
"""In a terminal that has fewer."""

FINISHED = "✓ "
"""Before the name of a run on Leaderboard."""

LAUNCH = "Presets ·"
LIVE = "Queue ·"
LEADERBOARD = "Test %"
DATA = "─ Classes ─"
"""What is seen on one tab alone."""

COUNTED = "output"
"""On Launch, once the probe has said what the layers are."""

TRAINING = "img/s"
"""On Live, once the first batches are through."""

EPOCH_FINISHED = "best val"
"""On Live, once an epoch is through and validated."""

HELP = "Keys on"
QUESTION = "is training"
"""The question before leaving a run that trains."""

EDIT_KEY = "e"
"""Moves from the presets into a field of the form that takes a number."""
EDITED = "Epochs"
"""The title of that field."""
SORT_KEY = ">"
FILTER_KEY = "/"

INTERRUPTED = "interrupted"
"""Said at the start, of runs whose process is gone."""
RESUME_KEY = "R"
"""Takes all of them on."""
STOP_KEY = "x"
STOP_QUESTION = "at its next batch?"

DISK_IS_FULL = "takes nothing more"
DISK_HAS_ROOM = "holds everything again"
