"""The lake: the warehouse as Parquet files, for engines that are made to scan them."""

from importlib import import_module

from aomuse.errors import ConfigurationError

#: Modules of the extra ``lake``.
_PACKAGES = ("pyarrow", "sqlglot", "duckdb", "duckdb_engine")


def require_packages() -> None:
    """Refuse to go on without the packages of the extra ``lake``."""
    for package in _PACKAGES:
        try:
            import_module(package)
        except ImportError as error:
            raise ConfigurationError(
                f"{package} is not installed: pip install 'aomuse[lake]'"
            ) from error
