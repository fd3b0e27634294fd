"""The training loop and its parts; it knows no thread, no screen and no disk layout."""
