"""One MariaDB endpoint over several servers: what sets it up, and what proves that it works."""
