# SPDX-License-Identifier: Apache-2.0
"""What the tests share: a host in a folder of its own, and documents to judge."""

import contextlib
import json
import os
import shutil
import sys
import tempfile
import unittest
from typing import Any, Dict, Iterator, List, Optional, Tuple
from unittest import mock

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(HERE)
DATA = os.path.join(HERE, 'data')
sys.path.insert(0, SOURCE)

from isolated_ports import hook  # noqa: E402
from isolated_ports.host import FILTER, HOSTED_ENGINE, NETWORKS, REMEMBERED, Host  # noqa: E402

ISO = [{'bridge': 'iso1', 'network': '5a2c4b1e-0000-4000-8000-000000000001', 'name': 'tenants'}]
MAC = '56:6f:11:22:00:07'
ALIAS = 'ua-018e5de8-3937-4939-92cc-07024f79789b'
VM_ID = '105ca784-7d7b-46c9-ba49-59c2f4cf8e18'


class FolderHost(Host):
    """A fit host whose files lie below a folder."""

    kernel_version = (5, 14)
    owner = os.getuid()

    def kernel(self) -> Tuple[int, int]:
        return self.kernel_version

    def write(self, relative: str, content: bytes, mode: int = 0o644) -> str:
        path = self.path(relative)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'wb') as stream:
            stream.write(content)
        os.chmod(path, mode)
        return path

    def list_networks(self, entries: List[Dict[str, Any]]) -> None:
        self.write(NETWORKS, json.dumps({'version': 1, 'networks': entries}).encode())

    def remember(self, entries: List[Dict[str, Any]]) -> None:
        """As after a time with this list in force."""
        self.write(REMEMBERED, json.dumps({'version': 1, 'networks': entries}).encode())

    def list_bytes(self) -> bytes:
        with open(self.path(NETWORKS), 'rb') as stream:
            return stream.read()

    def damage_list(self, content: bytes = b'{"version": 1, "netw') -> None:
        self.write(NETWORKS, content)

    def remove_list(self) -> None:
        os.unlink(self.path(NETWORKS))

    def install_libvirt(self, version: Optional[str]) -> None:
        """version: as in the library's name, 9000.0 for 9.0.0; None: no libvirt."""
        link = self.path('usr/lib64/libvirt.so.0')
        os.makedirs(os.path.dirname(link), exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(link)
        if version:
            os.symlink('libvirt.so.0.' + version, link)

    def install_filter(self) -> None:
        self.write(FILTER, b'#!/bin/sh\n', 0o755)

    def set_hosted_engine(self, vm_id: str) -> None:
        self.write(HOSTED_ENGINE, ('fqdn=engine.example\nvmid=%s\n' % vm_id).encode())

    def add_device(self, name: str, bridge: bool) -> None:
        os.makedirs(self.path('sys/class/net/' + name + ('/bridge' if bridge else '')))

    def add_tap(self, name: str, mac: str, isolated: str) -> None:
        self.write('sys/class/net/%s/address' % name, (mac + '\n').encode())
        self.write('sys/class/net/%s/brport/isolated' % name, (isolated + '\n').encode())


class HookCase(unittest.TestCase):
    """Runs hook events against a FolderHost; what they say is in self.said."""

    def setUp(self) -> None:
        self.folder = tempfile.mkdtemp(prefix='isolated-ports-test-')
        self.addCleanup(shutil.rmtree, self.folder)
        self.host = FolderHost(os.path.join(self.folder, 'root'))
        self.host.install_libvirt('9000.0')
        self.host.install_filter()
        self.host.list_networks(ISO)
        self.said = ''
        self.code = -1

    def run_event(self, event: str, xml: bytes, value: Optional[str] = None,
                  vm_id: str = VM_ID, **more: str) -> bytes:
        """The XML VDSM would read afterwards; self.code and self.said tell the rest."""
        path = os.path.join(self.folder, 'dom.xml')
        with open(path, 'wb') as stream:
            stream.write(xml)
        environment = {'_hook_domxml': path, 'vmId': vm_id}
        environment.update(more)
        if value is not None:
            environment['port_isolation'] = value
        with self.hearing():
            self.code = hook.main('/usr/libexec/vdsm/hooks/%s/60_isolated_ports' % event,
                                  environment, self.host)
        self.assertEqual([name for name in os.listdir(self.folder) if 'isolated-ports' in name],
                         [], 'a temporary file was left behind')
        with open(path, 'rb') as stream:
            return stream.read()

    @contextlib.contextmanager
    def hearing(self) -> Iterator[None]:
        said = []  # type: List[str]
        with mock.patch.object(hook, 'say', said.append):
            yield
        self.said = '\n'.join(said)


def recording(name: str) -> bytes:
    with open(os.path.join(DATA, name + '.xml'), 'rb') as stream:
        return stream.read()


def recordings(prefix: str) -> List[str]:
    return sorted(name[:-4] for name in os.listdir(DATA)
                  if name.startswith(prefix) and name.endswith('.xml'))


def interface(bridge: str = 'plain1', port: str = '', kind: str = 'bridge', mac: str = MAC,
              alias: str = ALIAS, more: str = '', source: Optional[str] = None) -> bytes:
    """One NIC as VDSM passes it to a hook."""
    source = '<source bridge="%s"></source>' % bridge if source is None else source
    return ('<interface type="%s"><model type="virtio"></model><link state="up"></link>%s%s%s'
            '<alias name="%s"></alias><mac address="%s"></mac><mtu size="1500"></mtu>'
            '<filterref filter="vdsm-no-mac-spoofing"></filterref><bandwidth></bandwidth>'
            '</interface>' % (kind, source, port, more, alias, mac)).encode()


def device(value: Optional[str] = None, mac: str = MAC, alias: str = ALIAS) -> str:
    """The metadata of one NIC, as the engine writes it."""
    custom = '' if value is None else (
        '<ovirt-vm:port_isolation>%s</ovirt-vm:port_isolation>' % value)
    attributes = (' alias="%s"' % alias if alias else '') + (
        ' mac_address="%s"' % mac if mac else '')
    return '<ovirt-vm:device%s><ovirt-vm:custom>%s</ovirt-vm:custom></ovirt-vm:device>' % (
        attributes, custom)


def domain(nics: bytes, devices: str = '', name: str = 'vm1', uuid: str = VM_ID,
           vdsm: bool = True) -> bytes:
    metadata = ('<metadata><ovirt-vm:vm><ovirt-vm:clusterVersion>4.8</ovirt-vm:clusterVersion>'
                '<ovirt-vm:custom></ovirt-vm:custom>%s</ovirt-vm:vm></metadata>' % devices)
    return ('<?xml version="1.0" encoding="UTF-8"?><domain type="kvm" '
            'xmlns:ovirt-tune="http://ovirt.org/vm/tune/1.0" '
            'xmlns:ovirt-vm="http://ovirt.org/vm/1.0"><name>%s</name><uuid>%s</uuid>'
            '<memory>524288</memory><devices>%s</devices>%s</domain>'
            % (name, uuid, nics.decode('utf-8'), metadata if vdsm else '')).encode('utf-8')


ISOLATED = '<port isolated="yes"/>'
