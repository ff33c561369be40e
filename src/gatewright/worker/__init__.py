"""One process that serves connections: an event loop and threads, whatever protocol is spoken.

A gateway or server writes a :class:`~gatewright.worker.contract.Connection` for its protocol and hands it to a worker.
For POSIX systems; nothing here runs on Windows.
"""
