"""The three tabs, and the dialogs that open over them."""
