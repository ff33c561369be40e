"""The production HTTP/1.1 server: for now its pure core, which reads requests and writes the heads of responses.

None of the modules here does I/O: bytes go in, values and bytes come out.
"""
