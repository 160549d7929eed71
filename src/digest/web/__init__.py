"""Pages: those that are public, and the preview for staff on this machine alone."""
