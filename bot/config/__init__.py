"""What people configure: the deployment's settings and the editors' files, read once and handed on as values."""
