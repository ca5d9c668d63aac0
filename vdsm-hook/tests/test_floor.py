# SPDX-License-Identifier: Apache-2.0
"""Nothing newer than Python 3.6, the one of EL8, in what is installed.

The syntax is checked by the parser itself. For the library each module and
each attribute used must be named here, which is done only after looking into
the 3.6 documentation for it; methods of objects that came later are searched
by name.
"""

import ast
import glob
import os
import re
import unittest
from typing import Dict, Iterator, List, Set, Tuple

from tests.support import SOURCE

LIBRARY = {
    '_socket': 'AF_UNIX SOCK_STREAM socket',
    'argparse': 'ArgumentParser',
    'configparser': 'ConfigParser Error',
    'contextlib': 'closing contextmanager suppress',
    'errno': 'EACCES EAGAIN ELOOP ENOBUFS ENOENT ENOTDIR',
    'fcntl': 'LOCK_EX LOCK_NB flock',
    'hashlib': 'sha256',
    'http.client': 'HTTPException HTTPResponse HTTPSConnection',
    'importlib': 'import_module',
    'json': 'dump dumps load loads',
    'os': '''O_CLOEXEC O_CREAT O_DIRECTORY O_EXCL O_NOFOLLOW O_NONBLOCK O_RDONLY O_RDWR O_TRUNC
             O_WRONLY chmod close devnull dup2 environ _exit fchmod fdopen fstat
             fsync ftruncate geteuid
             getpid listdir lstat makedirs nice open path posix_fallocate read readlink rename stat
             stat_result strerror uname unlink urandom write''',
    'os.path': 'basename dirname exists isdir join realpath',
    'pyexpat': 'ExpatError ParserCreate',
    'pwd': 'getpwnam',
    'queue': 'Empty Queue',
    'random': 'uniform',
    're': 'DOTALL compile',
    'resource': 'RLIMIT_AS RLIMIT_CPU setrlimit',
    'shutil': 'copyfileobj rmtree',
    'select': 'select',
    'signal': 'SIGINT SIGTERM signal',
    'socket': '''AF_INET AF_INET6 AF_NETLINK AF_UNIX AF_UNSPEC NETLINK_ROUTE SHUT_RDWR
                 SOCK_DGRAM SOCK_RAW SOCK_STREAM SOL_SOCKET SO_KEEPALIVE SO_PEERCRED
                 if_nametoindex inet_pton socket timeout''',
    'ssl': 'OP_NO_TLSv1 OP_NO_TLSv1_1 SSLError create_default_context',
    'stat': 'S_ISREG',
    'struct': 'Struct pack unpack_from',
    'subprocess': 'DEVNULL PIPE Popen STDOUT TimeoutExpired run',
    'sys': 'argv exc_info excepthook executable exit path setswitchinterval stderr stdin stdout',
    'tempfile': 'NamedTemporaryFile TemporaryFile',
    'threading': 'Event Lock RLock Thread Timer',
    'time': 'monotonic sleep time',
    'typing': 'Any Callable Dict FrozenSet Iterable Iterator List Mapping Optional Set Tuple',
    'urllib.parse': 'quote urlsplit',
    'zlib': 'MAX_WBITS decompressobj error',
}
LATER_METHODS = {'removeprefix', 'removesuffix', 'isascii', 'fromisoformat', 'bit_count',
                 'readlink_to', 'hardlink_to', 'is_relative_to', 'with_stem', 'add_note',
                 'reconfigure', 'toreadonly'}
# Arguments that came after 3.6.
LATER_ARGUMENTS = {'capture_output', 'required', 'missing_ok', 'dirs_exist_ok', 'strict_mode'}
LATER_BUILTINS = {'breakpoint', 'aiter', 'anext', 'EncodingWarning', 'ExceptionGroup'}


def programs() -> List[str]:
    return sorted(glob.glob(os.path.join(SOURCE, 'isolated_ports', '*.py'))
                  + glob.glob(os.path.join(SOURCE, 'bin', '*')))


def parse(path: str) -> ast.AST:
    with open(path, encoding='utf-8') as stream:
        source = stream.read()
    return ast.parse(source, path, feature_version=(3, 6))


def uses(tree: ast.AST) -> Iterator[Tuple[str, str]]:
    """Module and attribute of every use of the standard library; '' for the import alone."""
    aliases = {}  # type: Dict[str, str]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                aliases[name.asname or name.name.split('.')[0]] = name.name
                yield name.name, ''
        elif isinstance(node, ast.ImportFrom) and node.module:
            for name in node.names:
                yield node.module, name.name
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            if isinstance(node.value, ast.Name) and node.value.id in aliases:
                yield aliases[node.value.id], node.attr
            elif (isinstance(node.value, ast.Attribute) and isinstance(node.value.value, ast.Name)
                    and (node.value.value.id, node.value.attr) == ('os', 'path')):
                yield 'os.path', node.attr


class Floor(unittest.TestCase):

    def test_syntax_of_python_3_6(self) -> None:
        for path in programs():
            tree = parse(path)
            for node in ast.walk(tree):
                # The parser's feature_version lets these pass.
                self.assertNotIsInstance(node, (ast.NamedExpr,), path)
                if isinstance(node, ast.ImportFrom):
                    self.assertNotEqual(node.module, '__future__', path)
        with self.assertRaises(SyntaxError):
            ast.parse('if (n := 1): pass', feature_version=(3, 6))

    def test_library_of_python_3_6(self) -> None:
        known = {module: set(names.split()) for module, names in LIBRARY.items()}
        used = set()  # type: Set[str]
        for path in programs():
            for module, name in uses(parse(path)):
                if module.split('.')[0] == 'isolated_ports':
                    continue
                used.add(module)
                self.assertIn(module, known, '%s uses a module that is not looked up' % path)
                if name:
                    self.assertIn(name, known[module],
                                  '%s uses %s.%s, which is not looked up' % (path, module, name))
        self.assertEqual(used | {'os.path'}, set(known), 'named here and not used')

    def test_methods_arguments_and_builtins_of_python_3_6(self) -> None:
        for path in programs():
            for node in ast.walk(parse(path)):
                if isinstance(node, ast.Attribute):
                    self.assertNotIn(node.attr, LATER_METHODS, path)
                elif isinstance(node, ast.keyword):
                    if node.arg == 'required':  # of add_argument: from the first
                        continue
                    self.assertNotIn(node.arg, LATER_ARGUMENTS, path)
                elif isinstance(node, ast.Name):
                    self.assertNotIn(node.id, LATER_BUILTINS, path)

    def test_annotations_that_need_a_later_python_are_text(self) -> None:
        # list[int] and int | None at run time came with 3.9 and 3.10.
        later = re.compile(r'(->|:) *(list|dict|set|tuple)\[|(->|:) *\w+ \| ')
        for path in programs():
            with open(path, encoding='utf-8') as stream:
                for line in stream:
                    if line.lstrip().startswith('def '):
                        self.assertIsNone(later.search(line), '%s: %s' % (path, line))


if __name__ == '__main__':
    unittest.main()
