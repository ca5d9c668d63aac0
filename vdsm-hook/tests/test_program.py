# SPDX-License-Identifier: Apache-2.0
"""The installed programs, run as VDSM and libvirt run them."""

import os
import shutil
import subprocess
import tempfile
import unittest
from typing import Dict, List, Tuple

from tests.support import SOURCE, device, domain, interface

EVENTS = ('before_vm_start', 'before_device_create', 'before_nic_hotplug', 'before_update_device',
          'after_update_device', 'before_vm_migrate_source', 'before_vm_migrate_destination',
          'before_vm_hibernate', 'before_vm_dehibernate')


def tree(root: str) -> Dict[str, int]:
    """Mode of everything below a directory, by its path from there."""
    return {os.path.join(folder, name)[len(root):]: os.lstat(os.path.join(folder, name)).st_mode
            for folder, folders, files in os.walk(root) for name in folders + files}


class Installed(unittest.TestCase):

    root = ''

    @classmethod
    def setUpClass(cls) -> None:
        cls.root = tempfile.mkdtemp(prefix='isolated-ports-test-')
        subprocess.run([os.path.join(SOURCE, 'install.sh'), cls.root], check=True)

    @classmethod
    def tearDownClass(cls) -> None:
        shutil.rmtree(cls.root)

    def hook(self, event: str) -> str:
        return os.path.join(self.root, 'usr/libexec/vdsm/hooks', event, '60_isolated_ports')

    def run_hook(self, event: str, xml: bytes, **environment: str) -> Tuple[int, bytes, str]:
        with tempfile.NamedTemporaryFile(dir=self.root) as stream:
            stream.write(xml)
            stream.flush()
            full = {'_hook_domxml': stream.name, 'PATH': '/usr/bin:/bin'}  # type: Dict[str, str]
            full.update(environment)
            done = subprocess.run([self.hook(event)], env=full, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE)
            with open(stream.name, 'rb') as again:
                self.assertEqual(done.stdout, b'')
                return done.returncode, again.read(), done.stderr.decode()

    def test_each_event_finds_its_program(self) -> None:
        for event in EVENTS:
            self.assertTrue(os.path.isfile(self.hook(event)))
            self.assertTrue(os.access(self.hook(event), os.X_OK))
            self.assertEqual(self.run_hook(event, interface()), (0, interface(), ''))

    def test_property_of_a_hot_plug_isolates(self) -> None:
        code, xml, said = self.run_hook('before_nic_hotplug', interface(), port_isolation='true')
        self.assertEqual((code, said), (0, ''))
        self.assertEqual(xml, interface().replace(b'</interface>',
                                                  b'<port isolated="yes"/></interface>'))

    def test_refusal_is_exit_2_with_one_line(self) -> None:
        code, xml, said = self.run_hook('before_vm_start', domain(interface(), device('nonsense')))
        self.assertEqual(code, 2)
        self.assertEqual(said.count('\n'), 1)
        self.assertIn('nonsense', said)

    def test_python_variables_of_the_environment_run_no_code(self) -> None:
        trap = os.path.join(self.root, 'trap')
        os.makedirs(trap, exist_ok=True)
        for name in ('os.py', 'pyexpat.py', 'sitecustomize.py', 'json.py'):
            with open(os.path.join(trap, name), 'w') as stream:
                stream.write('import sys; sys.stderr.write("trapped"); raise SystemExit(0)\n')
        code, _, said = self.run_hook('before_vm_start', domain(interface(), device('nonsense')),
                                      PYTHONPATH=trap, PYTHONSTARTUP=trap + '/os.py',
                                      PYTHONHOME=trap)
        self.assertEqual(code, 2)
        self.assertNotIn('trapped', said)

    def test_a_broken_package_harms_no_vm_of_others(self) -> None:
        path = os.path.join(self.root, 'usr/libexec/isolated-ports/isolated_ports')
        os.rename(path, path + '.gone')
        try:
            code, _, said = self.run_hook('before_vm_start', domain(interface(), device()))
            self.assertEqual((code, said), (0, ''))
            code, _, said = self.run_hook('before_vm_start', domain(interface(), device('true')))
            self.assertEqual(code, 2)
            self.assertIn('reinstall', said)
            code, _, _ = self.run_hook('before_nic_hotplug', interface(), port_isolation='true')
            self.assertEqual(code, 2)
            code, _, _ = self.run_hook('before_update_device', interface(), port_isolation='true')
            self.assertEqual(code, 0)
        finally:
            os.rename(path + '.gone', path)

    def test_installing_again_keeps_the_list(self) -> None:
        path = os.path.join(self.root, 'var/lib/isolated-ports/networks.json')
        with open(path, 'w') as stream:
            stream.write('{"version": 1, "networks": []}')
        subprocess.run([os.path.join(SOURCE, 'install.sh'), self.root], check=True)
        with open(path) as stream:
            self.assertEqual(stream.read(), '{"version": 1, "networks": []}')

    def test_under_a_tight_umask_user_vdsm_can_read_all_of_it(self) -> None:
        with tempfile.TemporaryDirectory() as root:
            subprocess.run(['sh', '-c', 'umask 077; exec "$0" "$1"',
                            os.path.join(SOURCE, 'install.sh'), root + '/dest'], check=True)
            closed = [path for path, mode in tree(root + '/dest').items()
                      if mode & 0o005 != 0o005 and (os.path.isdir(root + '/dest' + path)
                                                    or mode & 0o100) or not mode & 0o004]
            self.assertEqual(closed, [])

    def test_uninstalling_leaves_what_was_there_and_says_what_it_keeps(self) -> None:
        script = os.path.join(SOURCE, 'install.sh')
        choices = [[], ['--purge']]  # type: List[List[str]]
        for purge in choices:
            with tempfile.TemporaryDirectory(prefix='a blank in ') as root:
                others = root + '/usr/libexec/vdsm/hooks/before_vm_start'
                os.makedirs(others)
                os.makedirs(root + '/etc/libvirt')
                for path in ('/50_other', '/60_isolated_ports_of_somebody'):
                    with open(others + path, 'w') as stream:
                        stream.write('#!/bin/sh\n')
                before = tree(root)
                for _ in range(2):
                    subprocess.run([script, root], check=True)
                wants = root + '/etc/systemd/system/multi-user.target.wants'
                os.makedirs(wants)
                os.symlink('/usr/lib/systemd/system/isolated-ports-host.service',
                           wants + '/isolated-ports-host.service')
                kept = '/var/lib/isolated-ports/networks.json'
                with open(root + kept, 'w') as stream:
                    stream.write('{}')
                done = subprocess.run([script, '--uninstall'] + purge + [root], check=True,
                                      stdout=subprocess.PIPE)
                os.removedirs(wants)
                after = tree(root)
                self.assertEqual(kept in done.stdout.decode(), not purge)
                self.assertEqual(set(after) - set(before), set() if purge else {
                    '/var', '/var/lib', '/var/lib/isolated-ports', kept})
                self.assertEqual({path: after.get(path) for path in before}, before)
                again = subprocess.run([script, '--uninstall', root], stderr=subprocess.PIPE)
                self.assertEqual(again.returncode, 1)

    def test_a_wrong_call_changes_nothing_and_tells_how(self) -> None:
        for line in ('', '--uninstall', '--purge /x', '/x /y', '--help'):
            done = subprocess.run([os.path.join(SOURCE, 'install.sh')] + line.split(),
                                  stderr=subprocess.PIPE)
            self.assertEqual(done.returncode, 64)
            self.assertIn(b'usage', done.stderr)

    def test_byte_code_is_there_and_fresh(self) -> None:
        cache = os.path.join(self.root, 'usr/libexec/isolated-ports/isolated_ports/__pycache__')
        modules = {name.split('.')[0] for name in os.listdir(cache)}
        self.assertLessEqual({'hook', 'scan', 'host', 'domxml', 'decide'}, modules)

    def test_a_plain_vm_pays_for_no_parser(self) -> None:
        path = os.path.join(self.root, 'usr/libexec/isolated-ports')
        with tempfile.NamedTemporaryFile(dir=self.root) as stream:
            stream.write(domain(interface(), device()))
            stream.flush()
            code = ('import sys; sys.path.insert(0, %r)\n'
                    'from isolated_ports.hook import main\n'
                    'main("/x/before_vm_start/60", {"_hook_domxml": %r})\n'
                    'print(" ".join(sys.modules))' % (path, stream.name))
            loaded = subprocess.run(['/usr/bin/python3', '-I', '-S', '-c', code], check=True,
                                    stdout=subprocess.PIPE).stdout.decode().split()
        self.assertEqual({'re', 'json', 'pyexpat', 'typing', 'isolated_ports.domxml',
                          'isolated_ports.decide'} & set(loaded), set())

    def run_filter(self, operation: str, phase: str, xml: bytes) -> Tuple[int, bytes, str]:
        program = os.path.join(self.root, 'etc/libvirt/hooks/qemu.d/60_isolated_ports')
        done = subprocess.run([program, 'vm1', operation, phase, '-'], input=xml,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        return done.returncode, done.stdout, done.stderr.decode()

    def test_the_filter_isolates_what_comes_in_and_vetoes_what_would_start_open(self) -> None:
        xml = domain(interface(), device('true'))
        isolated = xml.replace(b'</interface>', b'<port isolated="yes"/></interface>')
        for operation in ('migrate', 'restore'):
            self.assertEqual(self.run_filter(operation, 'begin', xml), (0, isolated, ''))
            self.assertEqual(self.run_filter(operation, 'begin', isolated), (0, b'', ''))
        code, output, said = self.run_filter('prepare', 'begin', xml)
        self.assertEqual((code, output), (1, b''))
        self.assertIn('would start with it open', said)
        self.assertEqual(self.run_filter('prepare', 'begin', isolated), (0, b'', ''))

    def test_the_filter_says_nothing_at_other_times(self) -> None:
        xml = domain(interface(), device('nonsense'))
        for operation, phase in (('start', 'begin'), ('started', 'begin'), ('reconnect', 'begin'),
                                 ('release', 'end'), ('stopped', 'end'), ('migrate', 'end'),
                                 ('prepare', '')):
            self.assertEqual(self.run_filter(operation, phase, xml), (0, b'', ''))

    def test_a_filter_with_a_broken_package_harms_no_domain_of_others(self) -> None:
        path = os.path.join(self.root, 'usr/libexec/isolated-ports/isolated_ports')
        os.rename(path, path + '.gone')
        try:
            self.assertEqual(self.run_filter('prepare', 'begin', domain(interface())), (0, b'', ''))
            code, _, said = self.run_filter('restore', 'begin', domain(interface(), device('true')))
            self.assertEqual(code, 1)
            self.assertIn('reinstall', said)
        finally:
            os.rename(path + '.gone', path)


if __name__ == '__main__':
    unittest.main()
