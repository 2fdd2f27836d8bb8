"""Knows how one field of the record that an expression makes is had without making the rest."""

from __future__ import annotations

from dataclasses import replace

from kspec.ir import nodes as ir
from kspec.ir.types import BOOL
from kspec.ir.walk import free_variables


def project(expr: ir.Expr, name: str) -> ir.Expr:
    """The field of what the expression makes, without what only other fields need.

    Means the same where those other parts have no errors: of a domain, whether a candidate could exist
    does not hang on its witness.
    """
    match expr:
        case ir.MakeRecord():
            found = dict(expr.fields).get(name)
            return ir.Field(expr, name, BOOL) if found is None else found
        case ir.Let():
            body = project(expr.body, name)
            if expr.name not in free_variables(body):
                return body
            return replace(expr, body=body, type=body.type)
        case ir.Cond():
            then, otherwise = project(expr.then, name), project(expr.otherwise, name)
            return replace(expr, then=then, otherwise=otherwise, type=then.type)
        case _:
            return ir.Field(expr, name, BOOL)
