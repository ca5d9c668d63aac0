// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.w3c.dom.Element;

/**
 * Not libvirt: a namespace with veth devices stands for each guest, and the lab itself does what
 * libvirt does with a port, namely put it on its bridge and set or clear the kernel's flag. Quick,
 * and enough to show what the bridges and the switch do; it shows nothing about libvirt or about
 * migration.
 */
final class NamespaceHypervisor implements Hypervisor {

  private record Domain(Namespace guest, VmXml xml) {}

  private final Namespace machine;
  private final LabCache cache;
  private final Path logs;
  private final Map<String, Domain> domains = new ConcurrentHashMap<>();
  private final AtomicInteger nextTap = new AtomicInteger();

  NamespaceHypervisor(Namespace machine, LabCache cache, Path logs) {
    this.machine = machine;
    this.cache = cache;
    this.logs = logs;
  }

  @Override
  public void boot() {}

  @Override
  public void restart() {}

  @Override
  public void reloadHooks() {}

  @Override
  public void forgetAll() {
    domains.values().forEach(domain -> domain.guest().close());
    domains.clear();
  }

  @Override
  public Optional<String> version() {
    return Optional.empty();
  }

  @Override
  public void start(VmXml vm) {
    Namespace guest = Namespace.create("guest", cache.agent());
    guest.output("mount", "-t", "tmpfs", "tmpfs", "/run");
    for (String scope : List.of("all", "default")) {
      String path = "/proc/sys/net/ipv4/conf/" + scope;
      guest.output(
          "sh", "-c", "echo 1 > %s/arp_ignore; echo 2 > %s/arp_announce".formatted(path, path));
    }
    Domain domain = new Domain(guest, vm);
    domains.put(vm.id(), domain);
    vm.vnics().forEach(vnic -> plug(domain, vnic));
    guest.spawn(
        logs.resolve("guest-" + vm.id() + ".log"),
        List.of(
            cache.agent().toString(),
            "serve",
            "/run/agent",
            cache.script("dhcp-event.sh").toString()));
    Poll.until(
        Duration.ofSeconds(90),
        () -> Files.exists(control(vm.id())),
        () -> "The agent of guest '%s' did not start.".formatted(vm.name()));
  }

  private void plug(Domain domain, VmXml.Vnic vnic) {
    String tap = "vnet" + nextTap.getAndIncrement();
    Xml.remove(vnic.element(), "target");
    Xml.append(vnic.element(), "target", "dev", tap);
    String bridge =
        vnic.bridge().orElseThrow(() -> new LabException("A namespace needs type='bridge'."));
    // One command: the guest's agent looks at a device, and its address, as soon as it appears.
    Command.output(
        List.of("ip", "-batch", "-"),
        "link add %s netns %d type veth peer name eth%s address %s netns %d\n"
            .formatted(tap, machine.pid(), tap.substring(4), vnic.mac(), domain.guest().pid()));
    machine.ip(List.of("link set %s master %s".formatted(tap, bridge)));
    machine.ip(settings(tap, vnic));
  }

  private static List<String> settings(String tap, VmXml.Vnic vnic) {
    return List.of(
        "link set %s type bridge_slave isolated %s".formatted(tap, vnic.isolated() ? "on" : "off"),
        "link set %s %s".formatted(tap, vnic.linkUp() ? "up" : "down"));
  }

  @Override
  public void destroy(String vmId) {
    Domain domain = domains.remove(vmId);
    if (domain != null) {
      domain.guest().close();
    }
  }

  @Override
  public List<String> running() {
    return List.copyOf(domains.keySet());
  }

  private Domain domain(String vmId) {
    Domain domain = domains.get(vmId);
    if (domain == null) {
      throw new LabException("No VM %s is running on host '%s'.".formatted(vmId, machine.name()));
    }
    return domain;
  }

  @Override
  public VmXml live(String vmId) {
    return VmXml.parse(Xml.text(domain(vmId).xml().document()));
  }

  @Override
  public void attach(String vmId, String interfaceXml) {
    Domain domain = domain(vmId);
    plug(domain, adopt(domain, interfaceXml));
  }

  private static VmXml.Vnic adopt(Domain domain, String interfaceXml) {
    Element element =
        (Element)
            domain.xml().document().importNode(Xml.parse(interfaceXml).getDocumentElement(), true);
    domain.xml().devices().appendChild(element);
    return new VmXml.Vnic(element);
  }

  @Override
  public void update(String vmId, String interfaceXml) {
    Domain domain = domain(vmId);
    VmXml.Vnic old = known(domain, VmXml.Vnic.parse(interfaceXml));
    String tap = old.tap().orElseThrow();
    domain.xml().devices().removeChild(old.element());
    VmXml.Vnic updated = adopt(domain, interfaceXml);
    Xml.remove(updated.element(), "target");
    Xml.append(updated.element(), "target", "dev", tap);
    if (!updated.bridge().equals(old.bridge())) {
      machine.ip(List.of("link set %s master %s".formatted(tap, updated.bridge().orElseThrow())));
    }
    machine.ip(settings(tap, updated));
  }

  private static VmXml.Vnic known(Domain domain, VmXml.Vnic vnic) {
    return domain.xml().vnics().stream()
        .filter(candidate -> candidate.mac().equals(vnic.mac()))
        .findFirst()
        .orElseThrow(() -> new LabException("The guest has no vNIC " + vnic.mac() + "."));
  }

  @Override
  public void detach(String vmId, VmXml.Vnic vnic) {
    Domain domain = domain(vmId);
    VmXml.Vnic old = known(domain, vnic);
    machine.ip(List.of("link del " + old.tap().orElseThrow()));
    domain.xml().devices().removeChild(old.element());
  }

  @Override
  public void setMetadata(String vmId, Element metadata) {
    VmXml xml = domain(vmId).xml();
    Element parent = Xml.require(xml.root(), "metadata");
    xml.metadata().ifPresent(parent::removeChild);
    parent.appendChild(xml.document().importNode(metadata, true));
  }

  /** The guest keeps running; its ports go away here and come up there. */
  @Override
  public void migrate(String vmId, LabHost destination) {
    if (!(destination.hypervisor() instanceof NamespaceHypervisor other)) {
      throw new IllegalStateException("One lab has one kind of guest.");
    }
    Domain domain = domain(vmId);
    domains.remove(vmId);
    domain.xml().vnics().forEach(v -> machine.ip(List.of("link del " + v.tap().orElseThrow())));
    other.domains.put(vmId, domain);
    domain.xml().vnics().forEach(vnic -> other.plug(domain, vnic));
  }

  @Override
  public void save(String vmId) {
    throw new LabException("A namespace has no memory to save; use real guests to hibernate.");
  }

  @Override
  public VmXml saved(String vmId) {
    throw new LabException("A namespace has no memory to save; use real guests to resume.");
  }

  @Override
  public void restore(String vmId) {
    throw new LabException("A namespace has no memory to save; use real guests to resume.");
  }

  @Override
  public Path control(String vmId) {
    return domain(vmId).guest().path("/run/agent");
  }
}
