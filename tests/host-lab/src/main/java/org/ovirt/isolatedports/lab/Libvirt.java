// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.w3c.dom.Element;

/** A host's own libvirtd, driven with virsh. */
final class Libvirt implements Hypervisor {

  /** The filter the engine puts on every vNIC, as VDSM defines it ({@code vdsm.tool.nwfilter}). */
  private static final String FILTER_NAME = "vdsm-no-mac-spoofing";

  private static final String FILTER =
      """
      <filter name='%s' chain='root'>
        <filterref filter='no-mac-spoofing'/>
        <filterref filter='no-arp-mac-spoofing'/>
      </filter>
      """
          .formatted(FILTER_NAME);

  private static final String PID_FILE = "/run/libvirtd.pid";

  private final Namespace machine;
  private final boolean kvm;
  private final Path imageOnHost;
  private final Path haltOnHost;

  Libvirt(Namespace machine, boolean kvm, Path imageOnHost, Path haltOnHost) {
    this.machine = machine;
    this.kvm = kvm;
    this.imageOnHost = imageOnHost;
    this.haltOnHost = haltOnHost;
  }

  @Override
  public void boot() {
    startDaemon();
    if (!virshTry("nwfilter-dumpxml", FILTER_NAME).succeeded()) {
      virshInput(FILTER, "nwfilter-define", "/dev/stdin");
    }
  }

  private void startDaemon() {
    machine.output("libvirtd", "--daemon", "--listen", "--pid-file", PID_FILE);
    Poll.until(
        Duration.ofSeconds(90),
        () -> virshTry("list").succeeded(),
        () ->
            "libvirtd of host '%s' does not answer: %s"
                .formatted(machine.name(), virshTry("list").errors().strip()));
  }

  @Override
  public void restart() {
    long pid = daemonPid();
    machine.output("busybox", "kill", Long.toString(pid));
    Poll.until(
        Duration.ofSeconds(90),
        () -> !Files.exists(machine.path("/proc/" + pid)),
        () -> "libvirtd of host '%s' does not end.".formatted(machine.name()));
    startDaemon();
  }

  @Override
  public void reloadHooks() {
    // libvirt looks for hook scripts when it starts and at SIGHUP only.
    machine.output("busybox", "kill", "-HUP", Long.toString(daemonPid()));
  }

  private long daemonPid() {
    try {
      return Long.parseLong(Files.readString(machine.path(PID_FILE)).strip());
    } catch (IOException e) {
      throw new LabException("libvirtd of host '%s' is not running.".formatted(machine.name()), e);
    }
  }

  @Override
  public void forgetAll() {
    machine.output("sh", "-c", "rm -rf /etc/libvirt/qemu /var/lib/libvirt/qemu/save");
  }

  @Override
  public Optional<String> version() {
    String line = machine.output("libvirtd", "--version");
    return Optional.of(line.replaceAll("(?s).*?(\\d+\\.\\d+\\.\\d+).*", "$1"));
  }

  @Override
  public void start(VmXml vm) {
    LabDomain.adapt(vm, kvm, imageOnHost, haltOnHost);
    undefine(vm.id());
    virshInput(Xml.text(vm.document()), "define", "/dev/stdin");
    try {
      virsh("start", vm.id());
    } catch (LabException e) {
      undefine(vm.id());
      throw e;
    }
  }

  @Override
  public void destroy(String vmId) {
    virshTry("destroy", vmId);
    undefine(vmId);
  }

  private void undefine(String vmId) {
    virshTry("undefine", vmId);
  }

  @Override
  public List<String> running() {
    return virsh("list", "--uuid").lines().map(String::strip).filter(id -> !id.isEmpty()).toList();
  }

  @Override
  public VmXml live(String vmId) {
    return VmXml.parse(virsh("dumpxml", vmId));
  }

  @Override
  public void attach(String vmId, String interfaceXml) {
    virshInput(interfaceXml, "attach-device", vmId, "/dev/stdin", "--live");
  }

  @Override
  public void update(String vmId, String interfaceXml) {
    virshInput(interfaceXml, "update-device", vmId, "/dev/stdin", "--live");
  }

  @Override
  public void detach(String vmId, VmXml.Vnic vnic) {
    virshInput(Xml.text(vnic.element()), "detach-device", vmId, "/dev/stdin", "--live");
    Poll.until(
        Duration.ofSeconds(90),
        () -> live(vmId).vnics().stream().noneMatch(left -> left.alias().equals(vnic.alias())),
        () ->
            "The guest %s does not let its vNIC %s go.".formatted(vmId, vnic.alias().orElse("?")));
  }

  @Override
  public void setMetadata(String vmId, Element metadata) {
    virsh(
        "metadata",
        vmId,
        "--uri",
        VmXml.NAMESPACE,
        "--key",
        "ovirt-vm",
        "--set",
        // libvirt itself puts every element into the namespace, and refuses one that is in it.
        Xml.text(Xml.withoutNamespaces(metadata)),
        "--live");
  }

  @Override
  public void migrate(String vmId, LabHost destination) {
    String address = destination.managementAddress();
    virsh(
        "migrate",
        vmId,
        "qemu+tcp://" + address + "/system",
        "tcp://" + address,
        "--live",
        "--p2p",
        "--persistent",
        "--undefinesource");
  }

  private static String saveFile(String vmId) {
    return "/var/lib/vdsm/" + vmId + ".save";
  }

  @Override
  public void save(String vmId) {
    virsh("save", vmId, saveFile(vmId));
  }

  @Override
  public VmXml saved(String vmId) {
    return VmXml.parse(virsh("save-image-dumpxml", saveFile(vmId)));
  }

  @Override
  public void restore(String vmId) {
    virsh("restore", saveFile(vmId));
    machine.output("rm", saveFile(vmId));
  }

  @Override
  public Path control(String vmId) {
    return machine.path(LabDomain.channelPath(vmId));
  }

  private String virsh(String... arguments) {
    return check(virshTry(arguments), arguments);
  }

  private void virshInput(String input, String... arguments) {
    check(
        Command.run(Duration.ofMinutes(2), machine.enter(virshLine(arguments)), input), arguments);
  }

  private Command.Result virshTry(String... arguments) {
    return machine.run(Duration.ofMinutes(2), virshLine(arguments));
  }

  private static List<String> virshLine(String... arguments) {
    List<String> line =
        new ArrayList<>(List.of("env", "LC_ALL=C.UTF-8", "virsh", "-q", "-c", "qemu:///system"));
    line.addAll(List.of(arguments));
    return line;
  }

  private String check(Command.Result result, String... arguments) {
    if (!result.succeeded()) {
      throw new LabException(
          "libvirt of host '%s' refused to %s: %s"
              .formatted(machine.name(), arguments[0], result.errors().strip()));
    }
    return result.output();
  }
}
