"""How values live in rows, both ways; nothing else reads or writes stored values."""
