"""Proof at scale: kills, faults of the server, damaged files, and readers beside writers."""
