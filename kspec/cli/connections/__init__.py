"""Connections as users and flow logs state them: `shop/web -> shop/db:5432`."""
