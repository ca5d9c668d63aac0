# SPDX-License-Identifier: Apache-2.0
"""libvirt's qemu hook: what VDSM's hooks cannot reach.

On `migrate begin` and `restore begin` libvirt takes the domain XML from stdin
through us (no output: unchanged); on `prepare begin`, before any start, exit
1 vetoes it. Domains that VDSM did not make and the hosted-engine VM are let
through whatever they say.
"""

from isolated_ports import scan
from isolated_ports.host import Host

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Tuple

OK = 0
VETO = 1


def run(operation: str, xml: bytes, host: Host) -> 'Tuple[int, bytes, str]':
    """Exit code, output, and the reason where it is a veto."""
    stored = host.stored()
    if not xml.strip() or not scan.may_concern(xml, stored.contents()):
        return OK, b'', ''
    from isolated_ports import decide, domxml
    from isolated_ports.hook import hosted_engine
    try:
        document = domxml.read(xml)
        if not document.vdsm or hosted_engine(document.uuid, host):
            return OK, b'', ''
        networks = host.networks(stored)
        verdicts = [decide.judge(nic, document, networks, host) for nic in document.nics]
        open_ones = [verdict for verdict in verdicts if verdict.kind == decide.INJECT]
        refused = [verdict for verdict in verdicts if verdict.kind == decide.REFUSE]
        if operation == 'prepare' and not refused:
            for verdict in open_ones:
                verdict.reason = 'it is to be isolated, and the domain would start with it open'
                verdict.advice = 'start the VM from the engine, whose hosts isolate it'
            refused = open_ones
        if refused:
            return VETO, b'', decide.sentence(refused[0], document.name)
        edited = domxml.isolate(xml, document, [verdict.nic for verdict in open_ones])
    except (domxml.Unreadable, ValueError) as e:
        return VETO, b'', decide.one_line(
            'isolated-ports: the domain is refused: whether it has isolated NICs cannot be told, '
            'as %s; start the VM from the engine.' % e)
    return OK, b'' if edited is xml else edited, ''
