"""Gateways between web servers and WSGI applications: CGI, FastCGI and SCGI, each in a module of its name."""
