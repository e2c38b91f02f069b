"""The Superset dashboard in ``bi/superset``: datasets, bundle, and the check of its charts."""
