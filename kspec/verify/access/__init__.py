"""Questions about access: who may do what, by which binding, role and rule."""
