"""Who carries out the tasks of a command: processes here, or the workers of a cluster."""
