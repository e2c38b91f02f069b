"""Views and frames: what analysts see."""
