"""FITS bytes and header cards."""
