"""What would have to be different for a pod to fit, found by the solver and tried on the model."""
