from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from gatewright.mypy_plugin.spelling import correction, rule_of
from gatewright.spec.environ_keys import KINDS, RULE_OF_KEY
from gatewright.spec.rules import RULES

# What mod_ssl, mod_rewrite, IIS, nginx, uWSGI and operating systems call theirs.
OTHERS = """
SSL_CLIENT_V_START SSL_CLIENT_V_END SSL_CLIENT_V_REMAIN SSL_CLIENT_A_SIG SSL_CLIENT_A_KEY SSL_CLIENT_CERT_CHAIN_0
SSL_CLIENT_M_VERSION SSL_CLIENT_M_SERIAL SSL_CLIENT_S_DN_CN SSL_CLIENT_I_DN_O SSL_CIPHER_EXPORT SSL_CIPHER_USEKEYSIZE
SSL_SERVER_S_DN SSL_SERVER_I_DN SSL_SERVER_CERT SSL_SESSION_ID SSL_SESSION_RESUMED SSL_VERSION_LIBRARY SSL_SECURE_RENEG
SCRIPT_URL SCRIPT_URI SERVER_SIGNATURE REDIRECT_HANDLER APPL_PHYSICAL_PATH AUTH_USER AUTH_PASSWORD CERT_SUBJECT
LOCAL_ADDR LOGON_USER SERVER_PORT_SECURE UNENCODED_URL URL INSTANCE_ID HTTPS_KEYSIZE REQUEST_TIME REQUEST_FILENAME
REQUEST_COMPLETION UWSGI_SCHEME UWSGI_FILE UWSGI_APPID PATH HOME HOST HOSTNAME USER LANG TERM PYTHONPATH TZ
HTTP_X_FORWARDED_PROTOCOL HTTP_X_FORWARDED_SCHEME HTTP_X_FORWARDED_SERVER HTTP_X_FORWARDED_BY HTTP_X_REAL_IP HTTP_DNT
HTTP_X_CLIENT_IP HTTP_X_CORRELATION_ID HTTP_CF_RAY HTTP_TRUE_CLIENT_IP HTTP_ALT_USED HTTP_AGE HTTP_ETAG HTTP_HOSTS
HTTP_IF_MATCHED HTTP_X_REQUESTID HTTP_X_REQUESTED_BY HTTP_PROXY HTTP_URL HTTP_METHOD HTTP_X_HTTP_METHOD HTTP_VARY
wsgi.early_hints wsgi.websocket wsgi.closed wsgiorg.routing_args x-wsgiorg.uwsgi.version uwsgi.version uwsgi.node
mod_wsgi.version mod_ssl.var_lookup gunicorn.socket waitress.client_disconnected werkzeug.socket werkzeug.request
eventlet.input gevent.version cherrypy.request django.request webob.adhoc_attrs paste.throw_errors http_proxy no_proxy
""".split()  # noqa: SIM905  # a list literal would take a line for each


@pytest.mark.parametrize("key", sorted(KINDS))
def test_known_keys(key: str) -> None:
    """A key that servers give is good."""
    assert correction(key) is None


@pytest.mark.parametrize("key", OTHERS)
def test_keys_of_others(key: str) -> None:
    """A key that somebody else gives is good, however it resembles one of ours."""
    assert correction(key) is None


@given(st.sampled_from([key for key in sorted(KINDS) if "_" in key]))
def test_lower_case(key: str) -> None:
    """A known key in the wrong case is put right."""
    assert correction(key.swapcase()) == key


@given(st.sampled_from([key for key in sorted(KINDS) if key.startswith("HTTP_") and key.count("_") > 1]))
def test_name_of_header(key: str) -> None:
    """The name of a header of several words stands for its key."""
    assert correction(key.removeprefix("HTTP_").replace("_", "-").title()) == key


@given(st.sampled_from([key for key in sorted(KINDS) if len(key) > 12]), st.data())
def test_one_slip(key: str, data: st.DataObject) -> None:
    """A slip of one letter leads to a key that is one slip away."""
    at = data.draw(st.integers(len("HTTP_"), len(key) - 2).filter(lambda at: "_" not in key[at : at + 2]))
    slip = data.draw(st.sampled_from([key[:at] + key[at + 1 :], key[:at] + key[at + 1] + key[at] + key[at + 2 :]]))
    assert slip in KINDS or correction(slip) in KINDS


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=40))
def test_any_text(key: str) -> None:
    """Whatever the key is, what it is corrected to is no mistake itself, and goes with a rule."""
    meant = correction(key)
    assert meant is None or (correction(meant) is None and rule_of(meant) in RULES)


def test_rules_of_keys() -> None:
    """A known key goes with the rule of the table, and any other header with the rule for headers."""
    assert rule_of("HTTP_X_OF_MINE") == RULE_OF_KEY["HTTP_HOST"]
