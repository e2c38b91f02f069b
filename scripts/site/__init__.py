"""The documentation as a site: pages, tutorial and reference of the Python API, by Sphinx."""
