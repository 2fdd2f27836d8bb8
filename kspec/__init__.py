"""The executable specification of Kubernetes."""

__version__ = "0.1.0"
