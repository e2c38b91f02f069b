"""How fast aomuse is, beside its rivals, in one run on one machine."""
