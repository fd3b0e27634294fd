"""The course report, filled from the run folders: HTML or Markdown with its figures, in English or Vietnamese."""
