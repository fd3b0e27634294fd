"""How fast training is here, beside the report's way and beside the bare step that nothing can undercut."""
