"""The executable cluster: a store, an API server and components, stepped by a chooser. See docs/model.md."""
