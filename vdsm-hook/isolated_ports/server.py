# SPDX-License-Identifier: Apache-2.0
"""The server as this host asks it: mutual TLS, long polls, answers with bounds.

Whatever is at the other end may send without end or not at all: each answer
has a size, also unpacked, and a time.
"""

import configparser
import socket
import ssl
import time
import zlib
from http.client import HTTPException, HTTPResponse, HTTPSConnection
from typing import Dict, Optional, Tuple
from urllib.parse import quote, urlsplit

from isolated_ports.bounded import MAX_SIZE
from isolated_ports.host import Host

CONFIGURATION = 'etc/isolated-ports/host.conf'
_SECTION = 'server'
_PATHS = {'certificate': 'etc/pki/vdsm/certs/vdsmcert.pem',
          'key': 'etc/pki/vdsm/keys/vdsmkey.pem',
          'ca': 'etc/pki/vdsm/certs/cacert.pem'}
_PORT = 18782
# What the server waits for news at most.
WAIT = 50
# For the way there and back, and for all of an answer.
_CONNECT, _ANSWER = 10.0, 120.0
_PIECE = 1 << 16


class Failed(Exception):
    """Its text is a clause. pause: seconds the server asks for, 0 where it asks for none."""

    def __init__(self, why: str, pause: float = 0.0) -> None:
        super().__init__(why)
        self.pause = pause


class Settings:
    """Where the server is, and what this host shows it."""

    def __init__(self, host: str, port: int, paths: Dict[str, str]) -> None:
        self.host = host
        self.port = port
        self.paths = paths


def settings(host: Host) -> Optional[Settings]:
    """None where none are configured. Raises Failed."""
    parser = configparser.ConfigParser(interpolation=None)
    path = host.path(CONFIGURATION)
    try:
        with open(path, encoding='utf-8') as stream:
            text = stream.read(1 << 16)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as e:
        raise Failed('/%s cannot be read (%s)' % (CONFIGURATION, e))
    try:
        # A file of bare lines will do.
        parser.read_string(text if any(line.lstrip().startswith('[') for line in text.splitlines())
                           else '[%s]\n%s' % (_SECTION, text))
    except configparser.Error as e:
        raise Failed('/%s is no ini file (%s)' % (CONFIGURATION, str(e).splitlines()[0]))
    if not parser.has_section(_SECTION):
        raise Failed('/%s has no section [%s]' % (CONFIGURATION, _SECTION))
    unknown = set(parser.options(_SECTION)) - {'server'} - set(_PATHS)
    if unknown:
        raise Failed('/%s has the unknown key %s' % (CONFIGURATION, sorted(unknown)[0]))
    url = parser.get(_SECTION, 'server', fallback='').strip()
    try:
        parts = urlsplit(url)
        port = parts.port or _PORT
    except ValueError:
        raise Failed('/%s has a server %r that is no address' % (CONFIGURATION, url))
    if parts.scheme != 'https' or not parts.hostname or parts.path not in ('', '/'):
        raise Failed('/%s must say server = https://HOST:%d, and says %r'
                     % (CONFIGURATION, _PORT, url))
    return Settings(parts.hostname, port, {
        name: parser.get(_SECTION, name, fallback='') or host.path(path)
        for name, path in _PATHS.items()})


class Server:
    """One connection, opened anew after each failure."""

    def __init__(self, known: Settings) -> None:
        self.known = known
        self.connection = None  # type: Optional[HTTPSConnection]

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def ruleset(self, revision: str, base: str, wait: int = WAIT) -> Tuple[str, Optional[bytes]]:
        """The newest one with its revision; without content where it is that of revision, or
        there is no news. base: a revision from which a difference will do. Raises Failed."""
        path = '/hosts/v1/ruleset' + ('?base=' + quote(base) if base else '')
        headers = {'Accept': 'application/json', 'Accept-Encoding': 'gzip'}
        if revision:
            headers['If-None-Match'] = '"%s"' % revision
            headers['Prefer'] = 'wait=%d' % wait
        status, answered, content = self._ask('GET', path, headers, None, wait)
        if status == 304:
            return revision, None
        if status != 200:
            raise _refused(status, answered, content)
        return answered.get('etag', '').replace('W/', '').strip('"'), content

    def report(self, text: bytes) -> None:
        """Raises Failed."""
        status, answered, content = self._ask(
            'POST', '/hosts/v1/report', {'Content-Type': 'application/json'}, text, 0)
        if status not in (200, 204):
            raise _refused(status, answered, content)

    def _ask(self, method: str, path: str, headers: Dict[str, str], body: Optional[bytes],
             wait: int) -> Tuple[int, Dict[str, str], bytes]:
        end = time.monotonic() + wait + _ANSWER
        try:
            connection = self._connected()
            assert connection.sock is not None
            connection.sock.settimeout(wait + _CONNECT)
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            answered = {name.lower(): value for name, value in response.getheaders()}
            content = _content(response, answered.get('content-encoding', ''), end)
            if response.will_close:
                self.close()
            return response.status, answered, content
        except Failed:
            self.close()
            raise
        except ssl.SSLError as e:
            self.close()
            raise Failed('the TLS connection to %s:%d failed (%s)' % (
                self.known.host, self.known.port, getattr(e, 'verify_message', '') or e.reason
                or e))
        except (OSError, HTTPException, ValueError) as e:
            self.close()
            raise Failed('the server %s:%d does not answer (%s)' % (
                self.known.host, self.known.port,
                _line(getattr(e, 'strerror', None) or str(e) or type(e).__name__)))

    def _connected(self) -> HTTPSConnection:
        if self.connection is None:
            paths = self.known.paths
            try:
                context = ssl.create_default_context(cafile=paths['ca'])
                versions = getattr(ssl, 'TLSVersion', None)  # since Python 3.7
                if versions is None:
                    context.options |= ssl.OP_NO_TLSv1 | ssl.OP_NO_TLSv1_1
                else:
                    context.minimum_version = versions.TLSv1_2
                context.load_cert_chain(paths['certificate'], paths['key'])
            except (OSError, ssl.SSLError) as e:
                raise Failed('certificate, key or CA of this host cannot be used (%s)'
                             % (getattr(e, 'strerror', None) or e))
            self.connection = HTTPSConnection(
                self.known.host, self.known.port, timeout=_CONNECT, context=context)
            self.connection.connect()
            self.connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        elif self.connection.sock is None:
            self.connection.timeout = _CONNECT
            self.connection.connect()
        return self.connection


def _content(response: HTTPResponse, encoding: str, end: float) -> bytes:
    """Unpacked, and never more than MAX_SIZE. Raises Failed, OSError."""
    if encoding not in ('', 'identity', 'gzip'):
        raise Failed('the server answers in encoding %s' % encoding[:40])
    unpack = zlib.decompressobj(16 + zlib.MAX_WBITS) if encoding == 'gzip' else None
    pieces = []
    size = packed = 0
    while True:
        piece = response.read1(_PIECE)
        if not piece:
            break
        packed += len(piece)
        try:
            while piece:
                plain = unpack.decompress(piece, _PIECE) if unpack else piece
                piece = unpack.unconsumed_tail if unpack else b''
                size += len(plain)
                pieces.append(plain)
                if max(size, packed) > MAX_SIZE:
                    raise Failed('the server sends more than %d MiB' % (MAX_SIZE >> 20))
        except zlib.error:
            raise Failed('the server sends gzip that is none')
        if time.monotonic() > end:
            raise Failed('the server has not ended its answer after %.0f s' % _ANSWER)
    if unpack is not None and packed and not unpack.eof:
        raise Failed('the server sends half of an answer')
    response.close()  # else it would not let the next one begin
    return b''.join(pieces)


def _line(text: str) -> str:
    return ''.join(c if c.isprintable() else ' ' for c in text[:300])


def _refused(status: int, answered: Dict[str, str], content: bytes) -> Failed:
    said = _line(content[:300].decode('utf-8', 'replace'))
    text = answered.get('retry-after', '')
    pause = float(text) if text.isdigit() and len(text) < 6 else 0.0
    why = {401: 'the server does not know this host', 403: 'the server does not let this host in'}
    return Failed('%s (status %d%s)' % (why.get(status, 'the server refuses'), status,
                                        ': ' + said.strip() if said.strip() else ''), pause)
