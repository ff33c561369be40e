"""Drive an application in this process with requests of many kinds, and collect the rules that it breaks.

Nothing is printed here, and no socket is opened: :mod:`gatewright.reports` shows what was found.
"""

from gatewright.conformance.driver import drive
from gatewright.conformance.findings import Audit, Failure, Finding
from gatewright.conformance.requests import METHODS, Kind, Request, requests_for

__all__ = ["METHODS", "Audit", "Failure", "Finding", "Kind", "Request", "drive", "requests_for"]
