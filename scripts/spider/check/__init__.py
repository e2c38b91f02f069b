"""A head and two nodes on loopback, asked, reloaded and killed; `make spider-check` runs it."""
