# SPDX-License-Identifier: Apache-2.0
"""The process that asks the server, against a server with TLS that answers, lies or is away."""

import gzip
import http.server
import json
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest
from typing import Any, Callable, Dict, List, Optional, Tuple
from unittest import mock

from tests.support import HookCase

from isolated_ports import fetch, offer, report, server

REVISION = '3f2a9c0d1e4b5a69'
# Status, headers, body; or a function that writes what it likes.
Answer = Any


def openssl(folder: str, *arguments: str) -> None:
    subprocess.run(['openssl'] + list(arguments), check=True, cwd=folder,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def certificates(folder: str) -> None:
    """Two CAs; of the first a server's and a host's certificate, of the other one a server's."""
    for ca in ('ca', 'other'):
        openssl(folder, 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256',
                '-nodes', '-keyout', ca + '.key', '-out', ca + '.pem', '-subj', '/CN=' + ca)
    for name, ca, names in (('server', 'ca', 'DNS:localhost,IP:127.0.0.1'),
                            ('elsewhere', 'ca', 'DNS:engine.example'),
                            ('forged', 'other', 'DNS:localhost,IP:127.0.0.1'),
                            ('host', 'ca', 'DNS:host1')):
        openssl(folder, 'req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
                '-keyout', name + '.key', '-out', name + '.csr', '-subj', '/CN=' + name)
        with open(os.path.join(folder, name + '.ext'), 'w') as stream:
            stream.write('subjectAltName=' + names)
        openssl(folder, 'x509', '-req', '-in', name + '.csr', '-CA', ca + '.pem', '-CAkey',
                ca + '.key', '-CAcreateserial', '-out', name + '.pem', '-extfile', name + '.ext')


class Handler(http.server.BaseHTTPRequestHandler):

    protocol_version = 'HTTP/1.1'
    server = None  # type: Any

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        self.server.asked.append((self.path, dict(self.headers.items())))
        self.answer(self.server.answers.pop(0) if self.server.answers else (304, {}, b''))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers['Content-Length']))
        self.server.posted.append((self.path, body))
        self.answer(self.server.for_reports)

    def answer(self, what: Answer) -> None:
        if callable(what):
            what(self)
            return
        status, headers, body = what
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status not in (204, 304):
            self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Listening(http.server.ThreadingHTTPServer):

    daemon_threads = True

    def __init__(self, folder: str, name: str) -> None:
        super().__init__(('127.0.0.1', 0), Handler)
        self.asked = []  # type: List[Tuple[str, Dict[str, str]]]
        self.posted = []  # type: List[Tuple[str, bytes]]
        self.answers = []  # type: List[Answer]
        self.for_reports = (204, {}, b'')  # type: Answer
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*(os.path.join(folder, name + end) for end in ('.pem', '.key')))
        context.load_verify_locations(os.path.join(folder, 'ca.pem'))
        context.verify_mode = ssl.CERT_REQUIRED
        self.socket = context.wrap_socket(self.socket, server_side=True)
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def handle_error(self, *_: Any) -> None:
        pass


class ServerCase(HookCase):

    certificates = ''

    @classmethod
    def setUpClass(cls) -> None:
        cls.certificates = tempfile.mkdtemp(prefix='isolated-ports-test-')
        certificates(cls.certificates)

    @classmethod
    def tearDownClass(cls) -> None:
        shutil.rmtree(cls.certificates)

    def listening(self, name: str = 'server') -> Listening:
        found = Listening(self.certificates, name)
        self.addCleanup(found.server_close)
        self.addCleanup(found.shutdown)
        return found

    def configure(self, port: int, host: str = 'localhost', **paths: str) -> None:
        lines = ['[server]', 'server = https://%s:%d' % (host, port)]
        for name, file in (('certificate', 'host.pem'), ('key', 'host.key'), ('ca', 'ca.pem')):
            lines.append('%s = %s' % (name, os.path.join(self.certificates, paths.get(name, file))))
        self.host.write(server.CONFIGURATION, '\n'.join(lines).encode())

    def asking(self, port: int, host: str = 'localhost', **paths: str) -> server.Server:
        self.configure(port, host, **paths)
        known = server.settings(self.host)
        assert known is not None
        found = server.Server(known)
        self.addCleanup(found.close)
        return found

    def fails(self, asking: server.Server, *words: str) -> server.Failed:
        with self.assertRaises(server.Failed) as caught:
            asking.ruleset('', '')
        for word in words:
            self.assertIn(word, str(caught.exception))
        self.assertNotIn('\n', str(caught.exception))
        return caught.exception


class Asking(ServerCase):

    def test_long_poll_with_the_tag_and_gzip(self) -> None:
        there = self.listening()
        packed = gzip.compress(b'{"version": 1}')
        there.answers = [(200, {'ETag': '"%s"' % REVISION}, b'{}'), (304, {}, b''),
                         (200, {'ETag': '"1111111111111111"', 'Content-Encoding': 'gzip'}, packed)]
        asking = self.asking(there.server_address[1])
        self.assertEqual(asking.ruleset('', ''), (REVISION, b'{}'))
        self.assertEqual(asking.ruleset(REVISION, ''), (REVISION, None))
        self.assertEqual(asking.ruleset(REVISION, REVISION), ('1' * 16, b'{"version": 1}'))
        paths = [path for path, _ in there.asked]
        self.assertEqual(paths, ['/hosts/v1/ruleset'] * 2 + ['/hosts/v1/ruleset?base=' + REVISION])
        first, second = there.asked[0][1], there.asked[1][1]
        self.assertNotIn('If-None-Match', first)
        self.assertEqual((second['If-None-Match'], second['Prefer'], second['Accept-Encoding']),
                         ('"%s"' % REVISION, 'wait=%d' % server.WAIT, 'gzip'))

    def test_it_shows_its_certificate_and_wants_the_servers(self) -> None:
        there = self.listening()
        self.fails(self.asking(there.server_address[1], ca='other.pem'), 'TLS', 'certificate')
        self.fails(self.asking(self.listening('forged').server_address[1]), 'TLS')
        self.fails(self.asking(self.listening('elsewhere').server_address[1]), 'TLS', 'localhost')
        self.fails(self.asking(there.server_address[1], certificate='server.pem'), 'cannot be used')
        self.fails(self.asking(there.server_address[1], key='missing.key'), 'cannot be used')
        self.assertEqual(there.asked, [])

    def test_a_server_that_is_away_or_no_server(self) -> None:
        with socket.socket() as closed:
            closed.bind(('127.0.0.1', 0))
            self.fails(self.asking(closed.getsockname()[1]), 'does not answer')
        with socket.socket() as plain:
            plain.bind(('127.0.0.1', 0))
            plain.listen(1)

            def nonsense() -> None:
                with plain.accept()[0] as client:
                    client.sendall(b'HTTP/1.1 200 OK\r\n\r\n{}')
            threading.Thread(target=nonsense, daemon=True).start()
            self.fails(self.asking(plain.getsockname()[1]), 'localhost')

    def test_a_server_that_lies(self) -> None:
        def endless(handler: Handler) -> None:
            handler.wfile.write(b'HTTP/1.1 200 OK\r\n\r\n')
            while True:
                handler.wfile.write(b' ' * (1 << 16))

        def slow(handler: Handler) -> None:
            handler.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n')
            for _ in range(100):
                handler.wfile.write(b' ')
                time.sleep(0.1)

        bomb = gzip.compress(b'[' + b' ' * (80 << 20) + b']')
        self.assertLess(len(bomb), 1 << 20)
        zipped = {'Content-Encoding': 'gzip'}
        there = self.listening()
        asking = self.asking(there.server_address[1])
        answers = [
            ((200, zipped, bomb), 'more than 64 MiB'), (endless, 'more than 64 MiB'),
            (slow, 'not ended'), ((200, zipped, b'{}'), 'gzip that is none'),
            ((200, zipped, gzip.compress(b'{}' * 100)[:-12]), 'half'),
            ((200, {'Content-Encoding': 'br'}, b'x'), 'encoding br'),
            ((302, {'Location': 'https://localhost/'}, b''), '302'),
            ((500, {}, b'<b>\nno</b>'), '500'), ((403, {}, b''), 'does not let this host in'),
            (lambda handler: handler.wfile.write(b'nonsense\r\n\r\n'), 'does not answer'),
            (lambda handler: handler.connection.shutdown(socket.SHUT_RDWR), ''),
        ]  # type: List[Tuple[Answer, str]]
        for answer, word in answers:
            there.answers = [answer, (200, {'ETag': '"x"'}, b'{}')]
            with self.subTest(word), mock.patch.object(server, '_ANSWER', 0.5 - server.WAIT
                                                       if answer is slow else 60.0):
                self.fails(asking, word)
                # The next question is asked on a connection of its own.
                self.assertEqual(asking.ruleset('', ''), ('x', b'{}'))

    def test_how_long_a_busy_server_wants_to_be_left_alone(self) -> None:
        there = self.listening()
        there.answers = [(503, {'Retry-After': '7'}, b''), (503, {'Retry-After': 'x'}, b'')]
        asking = self.asking(there.server_address[1])
        self.assertEqual(self.fails(asking).pause, 7.0)
        self.assertEqual(self.fails(asking).pause, 0.0)

    def test_what_may_be_configured(self) -> None:
        self.assertIsNone(server.settings(self.host))
        self.host.write(server.CONFIGURATION, b'server = https://engine.example\n')
        known = server.settings(self.host)
        assert known is not None
        self.assertEqual((known.host, known.port), ('engine.example', 18782))
        self.assertEqual(known.paths['key'], self.host.path('etc/pki/vdsm/keys/vdsmkey.pem'))
        for content, word in (
                (b'[server]\nserver = http://engine.example\n', 'https'),
                (b'[server]\nserver = https://e.example/x\n', 'https'),
                (b'[server]\nserver = https://e.example:99999999\n', 'no address'),
                (b'[server]\n', 'https'), (b'[other]\nx = 1\n', 'no section'),
                (b'[server]\nserver = https://e.example\ninsecure = yes\n', 'insecure'),
                (b'[server]\nserver\n', 'no ini file'), (b'\xff\xfe', 'cannot be read')):
            self.host.write(server.CONFIGURATION, content)
            with self.subTest(content), self.assertRaises(server.Failed) as caught:
                server.settings(self.host)
            self.assertIn(word, str(caught.exception))


class Fetching(ServerCase):

    def setUp(self) -> None:
        super().setUp()
        self.logged = []  # type: List[str]
        patch = mock.patch.object(fetch, 'log', self.logged.append)
        patch.start()
        self.addCleanup(patch.stop)
        self.host.write(offer.FOLDER + '/x', b'')
        self.fetcher = fetch.Fetcher(self.host)

    def laid_down(self) -> bytes:
        with open(self.host.path(offer.RULESET), 'rb') as stream:
            return stream.read()

    def in_force(self, fetched: str, loaded: Optional[str], error: Optional[str] = None) -> None:
        self.host.write(report.REPORT, json.dumps({
            'version': 1, 'host': 'h', 'fetched': fetched, 'loaded': loaded, 'error': error,
            'loaded_at': int(time.time()) - 5, 'ports': []}).encode())

    def once(self, there: Listening) -> None:
        self.configure(there.server_address[1])
        known = server.settings(self.host)
        assert known is not None
        asking = server.Server(known)
        self.addCleanup(asking.close)
        self.fetcher._fetch(asking, known)

    def test_a_difference_is_asked_for_from_what_is_in_force_alone(self) -> None:
        there = self.listening()
        self.in_force(REVISION, REVISION)
        for loaded, error, expected in (
                (REVISION, None, '/hosts/v1/ruleset?base=' + REVISION),
                (REVISION, 'refused', '/hosts/v1/ruleset'), ('2' * 16, None, '/hosts/v1/ruleset'),
                (None, None, '/hosts/v1/ruleset')):
            self.fetcher.revision = REVISION
            self.in_force(REVISION, loaded, error)
            self.once(there)
            self.assertEqual(there.asked[-1][0], expected)

    def test_a_difference_that_is_refused_is_followed_by_the_whole(self) -> None:
        there = self.listening()
        self.fetcher.revision = REVISION
        self.in_force(REVISION, REVISION)
        there.answers = [(200, {'ETag': '"%s"' % ('1' * 16)}, b'difference')]

        def refuse(_: Any, __: str) -> None:
            self.assertEqual(self.laid_down(), b'difference')
            self.in_force('1' * 16, REVISION, 'it does not fit')
        with mock.patch.object(fetch, 'ask', refuse):
            self.once(there)
        self.once(there)
        self.assertEqual(there.asked[-1][0], '/hosts/v1/ruleset')
        self.assertNotIn('If-None-Match', there.asked[-1][1])

    def test_what_was_refused_is_fetched_again_after_a_minute(self) -> None:
        there = self.listening()
        self.in_force(REVISION, '1' * 16, 'no space left')
        for passed, asked in ((0.0, '"%s"' % REVISION), (61.0, None)):
            self.fetcher.revision = REVISION
            self.fetcher.laid_down_at = time.monotonic() - passed
            self.once(there)
            self.assertEqual(there.asked[-1][1].get('If-None-Match'), asked)

    def test_all_of_it_in_its_own_process(self) -> None:
        there = self.listening()
        there.answers = [(503, {}, b''), (200, {'ETag': '"%s"' % REVISION}, b'{"x": 1}')]
        self.in_force(REVISION, REVISION)
        self.configure(there.server_address[1])
        with mock.patch.object(fetch, '_FIRST', 0.05):
            threading.Thread(target=self.fetcher.run, daemon=True).start()
            end = time.monotonic() + 90
            while time.monotonic() < end and not (there.posted and len(there.asked) > 2):
                time.sleep(0.02)
        self.assertEqual(self.laid_down(), b'{"x": 1}')
        self.assertEqual(there.posted[0][0], '/hosts/v1/report')
        self.assertEqual(json.loads(there.posted[0][1].decode())['loaded'], REVISION)
        found = fetch.ruleset_document(self.host)
        self.assertEqual((found['loaded'], found['error'], found['configured']),
                         (REVISION, '', True))
        self.assertIn('%s in force for' % REVISION, '\n'.join(fetch.sentences(found)))
        self.assertIn('refuses (status 503)', '\n'.join(self.logged))

    def test_a_report_is_sent_once_and_again_after_a_failure(self) -> None:
        there = self.listening()
        self.in_force(REVISION, REVISION)
        asking = self.asking(there.server_address[1])
        known = asking.known

        def once(sent: int) -> None:
            self.fetcher._report(asking, known)
            self.assertEqual(len(there.posted), sent)
        once(1)
        once(1)
        self.in_force(REVISION, None)
        os.utime(self.host.path(report.REPORT), (1, 1))
        once(2)
        once(2)
        # The server was away, and may have lost it: whichever thread saw that.
        fails = mock.Mock(side_effect=server.Failed('away'))

        class Enough(Exception):
            pass
        with mock.patch.object(time, 'sleep', side_effect=Enough), self.assertRaises(Enough):
            self.fetcher._repeat(fails)
        once(3)
        once(3)

    def test_a_server_that_does_not_wait_is_not_asked_without_end(self) -> None:
        there = self.listening()
        self.configure(there.server_address[1])
        threading.Thread(target=self.fetcher.run, daemon=True).start()
        time.sleep(1.2)
        self.assertIn(len(there.asked), (2, 3))

    def test_status_believes_no_more_of_user_vdsms_file_than_words(self) -> None:
        self.host.write(server.CONFIGURATION, b'server = https://e.example\n')
        for content in (b'[' * 100000, b'{"error": 7}', b'\xff', b'"x"', b'{"asked_at": -5}'):
            self.host.write(offer.STATE, content)
            self.assertIsNone(fetch.ruleset_document(self.host)['asked_at'])
        self.host.write(offer.STATE, json.dumps({'error': 'a\nb\x1b[2J' * 1000,
                                                 'asked_at': 5}).encode())
        found = fetch.ruleset_document(self.host)
        self.assertLessEqual(len(found['error']), 500)
        self.assertNotRegex(found['error'], '[\n\x1b]')
        os.unlink(self.host.path(offer.STATE))
        os.symlink('/etc/shadow', self.host.path(offer.STATE))
        self.assertEqual(fetch.ruleset_document(self.host)['error'],
                         'isolated-ports-host fetch does not run')


class Offered(HookCase):

    def next(self, found: offer.Offer) -> Optional[bytes]:
        handle = found.next()
        if handle is None:
            return None
        with os.fdopen(handle, 'rb') as stream:
            return stream.read()

    def test_each_file_once_and_nothing_but_a_plain_file(self) -> None:
        found = offer.Offer(self.host)
        self.assertIsNone(self.next(found))
        path = self.host.write(offer.RULESET, b'one')
        self.assertEqual(self.next(found), b'one')
        self.assertIsNone(self.next(found))
        self.host.write(offer.RULESET + '.new', b'two')
        os.rename(path + '.new', path)
        self.assertEqual(self.next(found), b'two')
        for make in (lambda: os.symlink('/etc/passwd', path), lambda: os.mkfifo(path),
                     lambda: os.mkdir(path)):  # type: Callable[[], None]
            if os.path.isdir(path):
                os.rmdir(path)
            else:
                os.unlink(path)
            make()
            began = time.monotonic()
            self.assertIsNone(self.next(found))
            self.assertLess(time.monotonic() - began, 1)


if __name__ == '__main__':
    unittest.main()
