"""Files, places in them, and diagnostics: the leaf that every other room may use."""

from kspec.source.diagnostics import Diagnostic, DiagnosticError, InternalError, Severity, has_errors
from kspec.source.files import BUILTIN, NOWHERE, SourceFile, Span

__all__ = [
    "BUILTIN",
    "NOWHERE",
    "Diagnostic",
    "DiagnosticError",
    "InternalError",
    "Severity",
    "SourceFile",
    "Span",
    "has_errors",
]
