"""Fields that are put into Headers, ours and the standard library's."""

import wsgiref.headers

from gatewright.headers import Headers


class MyHeaders(Headers):
    pass


headers = Headers([("X-Name", "a\nb"), ("X Name", "value")])  # E: Bad header value: 'a\nb' (bad char: '\n') (A18)  [wsgi-header] # E: Bad header name: 'X Name' (A17)  [wsgi-header]
headers["X Name"] = "value"  # E: Bad header name: 'X Name' (A17)  [wsgi-header]
headers["X-Name"] = "a\r\nb"  # E: Bad header value: 'a\r\nb' (bad char: '\r') (A18)  [wsgi-header]
headers["X-Name"] = 5  # E: Header value must be of type str (got 5) (A16)  [wsgi-header]
headers["X-Name"] = "\N{EURO SIGN}"  # E: Header value holds a character above U+00FF: '€' (A19)  [wsgi-header]
headers["Connection"] = "close"  # E: Hop-by-hop header, 'Connection: close', not allowed (A20)  [wsgi-header]
headers["Transfer-Encoding"] = "chunked"  # E: Hop-by-hop header, 'Transfer-Encoding: chunked', not allowed (A22)  [wsgi-header]
headers["Content-Length"] = "unknown"  # E: Content-Length is not a number: 'unknown' (A41)  [wsgi-header]
headers["Status"] = "200 OK"  # E: The Status header cannot be used; it conflicts with CGI script, and HTTP status is not given through headers (value: '200 OK'). (A23)  [wsgi-header]
headers["X-"] = "value"  # E: Names may not end in '-' or '_': 'X-' (A17)  [wsgi-header]
headers["Proxy-Connection"] = "close"  # E: A header that affects the connection, 'Proxy-Connection: close', not allowed (A21)  [wsgi-header]
headers.setdefault("X:", "value")  # E: Bad header name: 'X:' (A17)  [wsgi-header]
headers.setdefault("X-Name", None)  # E: Header value must be of type str (got None) (A16)  [wsgi-header]
headers.add_header("X:", "value")  # E: Bad header name: 'X:' (A17)  [wsgi-header]
headers.add_header("X-Name", "a\nb")  # E: Bad header value: 'a\nb' (bad char: '\n') (A18)  [wsgi-header]
headers.add_header("X-Name", "value", parameter="a\nb")  # E: Bad header value: 'a\nb' (bad char: '\n') (A18)  [wsgi-header]
headers.add_header("X-Name", None, parameter=3)  # E: Header value must be of type str (got 3) (A16)  [wsgi-header]
Headers((("X-Name", "value"),))  # E: Headers ((('X-Name', 'value'),)) must be of type list: <class 'tuple'> (A15)  [wsgi-header]
MyHeaders([("X:", "value")])["X:"] = "value"  # E: Bad header name: 'X:' (A17)  [wsgi-header]

theirs = wsgiref.headers.Headers([("X-Name", "a\nb")])  # E: Bad header value: 'a\nb' (bad char: '\n') (A18)  [wsgi-header]
theirs["X Name"] = "value"  # E: Bad header name: 'X Name' (A17)  [wsgi-header]
theirs.add_header("X Name", "value")  # E: Bad header name: 'X Name' (A17)  [wsgi-header]
theirs.setdefault("X Name", "value")  # E: Bad header name: 'X Name' (A17)  [wsgi-header]
