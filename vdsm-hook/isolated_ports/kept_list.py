# SPDX-License-Identifier: Apache-2.0
"""The watch's list of isolated bridges: followed, mended, and taken from rulesets."""

import json
import os
from typing import Any, Dict, List, Optional, Set, Tuple

from isolated_ports.host import NETWORKS, REMEDY, REMEMBERED, Host, Networks, parse_networks
from isolated_ports.journal import log
from isolated_ports.listing import remember, write_list
from isolated_ports.stored import Stored


class KeptList:
    """networks: the list to go by."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.networks = Networks('missing', {})
        self.signature = None  # type: Optional[Tuple[int, ...]]
        # The last good list of our time.
        self.content = None  # type: Optional[bytes]

    def look(self) -> bool:
        """Takes a changed list over; a damaged one is written anew from what is known. True where
        the bridges to go by may be others now."""
        signature = ()  # type: Tuple[int, ...]
        path = self.host.path(NETWORKS)
        try:
            found = os.lstat(path)
            signature = (os.stat(os.path.dirname(path)).st_mode, found.st_ino, found.st_mtime_ns,
                         found.st_size, found.st_ctime_ns)
        except OSError:
            pass
        if signature == self.signature:
            return False
        self.signature = signature
        stored = self.host.stored()
        networks = self.host.networks(stored)
        if networks.sure:
            self.networks = networks
            self.content = stored.now.content
            self._remember(stored)
            return True
        log('the list of isolated bridges (/%s) is %s%s.'
            % (NETWORKS, networks.state, ': ' + networks.why if networks.why else ''))
        if self.content is not None:
            try:
                write_list(self.content, self.host)
                log('the list was written anew as it was.')
            except OSError as e:
                log('the list could not be written anew (%s); ports are kept by the last good '
                    'one.' % e.strerror)
            return False
        # From before our time: what was listed stays isolated, and nothing new starts there.
        self.networks = networks
        if networks.broken:
            log('the ports of %s stay isolated, and no VM starts there; %s.'
                % (' '.join(sorted(networks.names)) or 'the bridges that were on it', REMEDY))
        return True

    def _remember(self, stored: Stored) -> None:
        assert stored.now.content is not None
        try:
            remember(stored.now.content, self.host)
        except OSError as e:
            log('the list of isolated bridges could not be remembered in /%s (%s); should it be '
                'lost, this host would not know that it had one.' % (REMEMBERED, e.strerror))

    def take(self, told: List[Dict[str, Any]], in_use: Set[str]) -> str:
        """The list as a ruleset says it. A bridge that it does not name any more leaves the list
        only with its last port. in_use: bridges with ports of VMs. Returns why it could not be
        kept; the watch goes by it all the same."""
        networks = self.host.networks()
        entries = {entry['bridge']: entry for entry in told}
        for bridge, name in networks.names.items():
            if bridge in in_use:
                entries.setdefault(bridge, {'bridge': bridge, 'name': name})
        if networks.sure and networks.names == {
                bridge: entry.get('name') or bridge for bridge, entry in entries.items()}:
            return ''
        content = json.dumps({'version': 1, 'networks': [entries[bridge] for bridge in
                                                         sorted(entries)]}, sort_keys=True).encode()
        try:
            write_list(content, self.host)
        except OSError as e:
            self.networks = parse_networks(content)
            self.content = content
            return ('the list of isolated bridges (/%s) could not be kept (%s), so that VMs of '
                    'networks that are new on it do not start isolated here'
                    % (NETWORKS, e.strerror))
        log('the list of isolated bridges in force, by the ruleset: %s.'
            % (' '.join(sorted(entries)) or '(none)'))
        return ''
