"""What `kspec explain` can explain: one file per topic."""
