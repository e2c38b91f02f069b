"""Ways to a database: its URL, its driver, and the settings of its session."""
