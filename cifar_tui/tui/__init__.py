"""The terminal app: it reads run folders and draws them; torch is never imported here."""

import os

# Textual waits until its next frame before it draws what a key has changed; at its 60 a second that is up to 16 ms.
os.environ.setdefault("TEXTUAL_FPS", "240")
