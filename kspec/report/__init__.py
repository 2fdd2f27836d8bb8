"""What kspec says, as values, and their renderers. Commands fill in; renderers decide nothing."""
