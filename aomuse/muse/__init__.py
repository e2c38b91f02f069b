"""Facts about the instrument."""
