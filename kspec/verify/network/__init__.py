"""Who may talk to whom: questions about sets of policies, answered by classes of ends or by the solver."""
