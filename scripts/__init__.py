"""Programs that look after the repository: documents, the private server, the benchmark."""
