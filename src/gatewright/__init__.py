"""Gateways between web servers and WSGI (PEP 3333) applications, typed end to end.

Importing this package imports nothing else of it: take what you need from its modules, which bear the names of
the standard library's :mod:`wsgiref` and add to them.

PYTEST_DONT_REWRITE: for pytest, which would warn that this was imported before it, as ``gatewright.dropin`` does.
"""

__version__ = "0.1.0"
