# SPDX-License-Identifier: Apache-2.0
"""Writes words into the metadata of running domains, through libvirt's binding."""

import importlib
from typing import Any, List

from isolated_ports.host import Host
from isolated_ports.patience import Late, Patience
from isolated_ports.word import KEY, URI, Word, xml

# A hook waits meanwhile, and VDSM with it. libvirtd takes milliseconds.
SECONDS = 1.5

# VDSM has libvirtd ask for a name and password on its socket for writing
# (vdsm/tool/configurators/libvirt.py); both are VDSM's own on this host.
_NAME = 'vdsm@ovirt'
_PASSWORD = 'etc/pki/vdsm/keys/libvirt_password'


class Pen:
    """One write at a time; a libvirtd that hangs ties up one thread and no caller."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.connection = None  # type: Any
        self.binding = None  # type: Any
        self.daemon = Patience('libvirtd')
        try:
            self.binding = importlib.import_module('libvirt')
        except ImportError:
            pass

    def write(self, vm_id: str, words: List[Word]) -> str:
        """All words of a domain. '', or why they could not be written."""
        if self.binding is None:
            return "libvirt's Python binding is missing"
        try:
            self.daemon.call(lambda: self._write(vm_id, xml(words)), SECONDS)
        except Late as e:
            return str(e)
        except self.binding.libvirtError as e:
            return 'libvirt: %s' % str(e).strip()
        return ''

    def _write(self, vm_id: str, text: str) -> None:
        """Raises libvirtError. May never return."""
        try:
            if self.connection is None or not self.connection.isAlive():
                self.connection = self.binding.openAuth('qemu:///system', [
                    [self.binding.VIR_CRED_AUTHNAME, self.binding.VIR_CRED_PASSPHRASE],
                    self._credentials, None], 0)
            domain = self.connection.lookupByUUIDString(vm_id)
            domain.setMetadata(self.binding.VIR_DOMAIN_METADATA_ELEMENT, text or None, KEY, URI,
                               self.binding.VIR_DOMAIN_AFFECT_LIVE)
        except self.binding.libvirtError:
            self.connection = None
            raise

    def _credentials(self, asked: List[List[Any]], _: Any) -> int:
        for credential in asked:
            if credential[0] == self.binding.VIR_CRED_AUTHNAME:
                credential[4] = _NAME
            elif credential[0] == self.binding.VIR_CRED_PASSPHRASE:
                try:
                    with open(self.host.path(_PASSWORD)) as stream:
                        credential[4] = stream.readline().rstrip('\n')
                except OSError:
                    return -1
        return 0
