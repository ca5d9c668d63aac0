// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.w3c.dom.Element;

/** What VDSM needs from libvirt, so that namespaces can stand for guests too. */
sealed interface Hypervisor permits Libvirt, NamespaceHypervisor {

  /** Brings the daemons up, as at the boot of the host. */
  void boot();

  /** Ends the daemons and brings them up again; guests keep running. */
  void restart();

  /** Forgets every VM, as the reboot of a host does; their processes are gone already. */
  void forgetAll();

  /** Makes configuration of libvirt's own hooks take effect. */
  void reloadHooks();

  /** libvirt's version, such as 9.0.0; empty when this is not libvirt. */
  Optional<String> version();

  /** Starts the VM of the domain XML the hooks left. */
  void start(VmXml vm);

  void destroy(String vmId);

  /** Ids of the running VMs. */
  List<String> running();

  /** The live domain XML. */
  VmXml live(String vmId);

  void attach(String vmId, String interfaceXml);

  void update(String vmId, String interfaceXml);

  /** Unplugs a vNIC and returns when the guest has let it go. */
  void detach(String vmId, VmXml.Vnic vnic);

  /** Replaces oVirt's metadata of a VM. */
  void setMetadata(String vmId, Element metadata);

  /** Moves a running VM. */
  void migrate(String vmId, LabHost destination);

  /** Saves a VM's memory to a file of the host and ends it. */
  void save(String vmId);

  /** The domain XML in the saved file. */
  VmXml saved(String vmId);

  void restore(String vmId);

  /** Where this JVM reaches the agent of a running VM. */
  Path control(String vmId);
}
