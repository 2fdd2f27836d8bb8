"""What `kspec compile` writes: the parts of a compiled folder, each made in a module of its own."""
