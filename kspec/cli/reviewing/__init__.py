"""Reviews of manifests, from which the sections of `kspec analyze` are made."""
