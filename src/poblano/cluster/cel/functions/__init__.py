"""What expressions may call: CEL's own functions, its extensions, and those of Kubernetes."""
