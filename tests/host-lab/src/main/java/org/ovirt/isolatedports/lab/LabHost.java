// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * A simulated oVirt host: bridges and uplinks in namespaces of their own, a libvirtd, and as much
 * of VDSM as lies between the engine's call and libvirt ({@link Vdsm}).
 *
 * <p>The VM methods take what the engine sends. They throw {@link HookRefused} where a hook
 * refused, and {@link LabException} where libvirt did.
 */
public final class LabHost {

  private static final String HOOKS = "/usr/libexec/vdsm/hooks";
  private static final String LIST = "/var/lib/isolated-ports/networks.json";
  private static final Duration WATCH_START = Duration.ofSeconds(90);
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Namespace machine;
  private final Hypervisor hypervisor;
  private final Wiring wiring;
  private final String managementAddress;
  private final HookRunner hooks;
  private final Vdsm vdsm;

  LabHost(
      Namespace machine, Hypervisor hypervisor, Wiring wiring, String managementAddress, Lab lab) {
    this.machine = machine;
    this.hypervisor = hypervisor;
    this.wiring = wiring;
    this.managementAddress = managementAddress;
    this.hooks = new HookRunner(new VdsmUser(machine), HOOKS, "/tmp");
    this.vdsm = new Vdsm(this, hypervisor, hooks, lab);
  }

  /** VDSM's own user: uid and gid 36 on every oVirt host. */
  private record VdsmUser(Namespace machine) implements HookRunner.Machine {

    @Override
    public Command.Result run(Duration limit, List<String> command) {
      List<String> line =
          new ArrayList<>(List.of("setpriv", "--reuid=36", "--regid=36", "--clear-groups", "--"));
      line.addAll(command);
      return machine.run(limit, line);
    }

    @Override
    public Path path(String inside) {
      return machine.path(inside);
    }

    @Override
    public void own(Path file) throws IOException {
      Files.setAttribute(file, "unix:uid", 36);
      Files.setAttribute(file, "unix:gid", 36);
    }
  }

  public String name() {
    return machine.name();
  }

  Hypervisor hypervisor() {
    return hypervisor;
  }

  /** Ends guests that are no processes of this host; all others end with it. */
  void closeGuests() {
    if (hypervisor instanceof NamespaceHypervisor namespaces) {
      namespaces.forgetAll();
    }
  }

  Vdsm vdsm() {
    return vdsm;
  }

  String managementAddress() {
    return managementAddress;
  }

  // ---- configuration ---------------------------------------------------------------------------

  /**
   * Installs hooks. A directory with an {@code install.sh} is copied to the host and that script
   * run there with {@code /} as its argument; any other directory is taken as {@code
   * EVENT/NN_name}.
   */
  public void installHooks(Path directory) {
    String target = "/mnt/install";
    machine.output("rm", "-rf", target);
    copy(directory, machine.path(target));
    if (Files.exists(directory.resolve("install.sh"))) {
      machine.output("sh", target + "/install.sh", "/");
    } else {
      machine.output("cp", "-a", target + "/.", HOOKS);
    }
    machine.output("chmod", "-R", "go+rX", HOOKS);
    hypervisor.reloadHooks();
  }

  /**
   * Starts the service that {@link #installHooks} brought, as its unit does: with its priority, and
   * again after a second where it ends at once. Returns when it follows the kernel; it lives at
   * most as long as the host.
   *
   * @param log a new file for what it says
   */
  public Process startWatch(Path log) {
    Process watch = spawnWatch(log);
    long end = System.nanoTime() + Poll.patient(WATCH_START).toNanos();
    while (!Poll.within(Duration.ofSeconds(1), () -> said(log).contains(" watches "))) {
      if (System.nanoTime() > end) {
        throw new LabException(
            "The watch of host '%s' did not start: %s".formatted(name(), said(log)));
      }
      if (!watch.isAlive()) {
        watch = spawnWatch(log);
      }
    }
    return watch;
  }

  private Process spawnWatch(Path log) {
    return spawn(
        log, "chrt", "--reset-on-fork", "--rr", "1", "/usr/sbin/isolated-ports-host", "watch");
  }

  private static String said(Path log) {
    try {
      return Files.exists(log) ? Files.readString(log) : "";
    } catch (IOException e) {
      throw new LabException("'%s' cannot be read.".formatted(log), e);
    }
  }

  /** Removes every hook of VDSM and of libvirt from this host. */
  public void removeHooks() {
    machine.output(
        "sh", "-c", "rm -rf %s /etc/libvirt/hooks && mkdir -p %s".formatted(HOOKS, HOOKS));
    hypervisor.reloadHooks();
  }

  private static void copy(Path from, Path to) {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Files.copy(
            file,
            to.resolve(from.relativize(file).toString()),
            StandardCopyOption.COPY_ATTRIBUTES,
            LinkOption.NOFOLLOW_LINKS);
      }
    } catch (IOException e) {
      throw new LabException("'%s' cannot be copied to a host.".formatted(from), e);
    }
  }

  /** Writes the list of isolated bridges, atomically, as the host's own service would. */
  public void isolatedBridges(Collection<IsolatedBridge> bridges) {
    Map<String, Object> list = new LinkedHashMap<>();
    list.put("version", 1);
    list.put("networks", bridges);
    try {
      write(LIST, JSON.writeValueAsString(list));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Writes a file of this host that everybody may read; it appears complete. */
  public void write(String path, String content) {
    Path file = machine.path(path);
    Path fresh = machine.path(path + ".new");
    try {
      Files.createDirectories(file.getParent());
      Files.writeString(fresh, content);
      Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rw-r--r--"));
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new LabException("'%s' of host '%s' cannot be written.".formatted(path, name()), e);
    }
  }

  /** Reads a file of this host. */
  public String read(String path) {
    try {
      return Files.readString(machine.path(path));
    } catch (IOException e) {
      throw new LabException("'%s' of host '%s' cannot be read.".formatted(path, name()), e);
    }
  }

  /** Runs a program on this host as root; throws when it fails. Returns its standard output. */
  public String run(String... command) {
    return machine.output(command);
  }

  /** Starts a program on this host as root that lives at most as long as the host. */
  public Process spawn(Path log, String... command) {
    return machine.spawn(log, List.of(command));
  }

  /**
   * Starts a program on this host as root whose network is this machine's, as if a management
   * network led here. It lives at most as long as the host.
   */
  public Process spawnOverManagement(Path log, String... command) {
    return machine.spawnOutside(log, List.of(command));
  }

  /** Where this JVM finds a file of this host. */
  public Path path(String inside) {
    return machine.path(inside);
  }

  // ---- virtual machines ------------------------------------------------------------------------

  /**
   * VDSM's create: the hooks see the engine's XML; what they leave is started.
   *
   * @param domainXml the {@code <domain>} the engine sends
   * @return the VM's id
   */
  public String start(String domainXml) {
    return vdsm.start(domainXml);
  }

  /** Plugs a vNIC into a running VM; takes the engine's {@code <hotplug>} document. */
  public void hotplugNic(String vmId, String hotplugXml) {
    vdsm.hotplugNic(vmId, hotplugXml);
  }

  /**
   * Changes a vNIC of a running VM; takes the engine's {@code <hotplug>} document. When that fails,
   * VDSM rolls back with a document without {@code <port>}: the vNIC is open afterwards.
   */
  public void updateNic(String vmId, String updateXml) {
    vdsm.updateNic(vmId, updateXml, false);
  }

  /** As {@link #updateNic}, with port mirroring failing after the device was updated. */
  public void updateNicWithFailingMirroring(String vmId, String updateXml) {
    vdsm.updateNic(vmId, updateXml, true);
  }

  /** Unplugs a vNIC; takes the engine's {@code <hotunplug>} document. */
  public void hotunplugNic(String vmId, String hotunplugXml) {
    vdsm.hotunplugNic(vmId, hotunplugXml);
  }

  /** Migrates a running VM. */
  public void migrate(String vmId, LabHost destination) {
    vdsm.migrate(vmId, destination);
  }

  /** Saves a VM's memory to this host and ends it. */
  public void hibernate(String vmId) {
    vdsm.hibernate(vmId);
  }

  /** Resumes a VM saved on this host. */
  public void resume(String vmId) {
    vdsm.resume(vmId);
  }

  public void destroy(String vmId) {
    vdsm.destroy(vmId);
  }

  /** Ids of the VMs that run here. */
  public List<String> running() {
    return hypervisor.running();
  }

  /** The live domain XML of a VM. */
  public String liveXml(String vmId) {
    return Xml.text(hypervisor.live(vmId).document());
  }

  // ---- the host itself -------------------------------------------------------------------------

  /** Restarts libvirtd; guests keep running. */
  public void restartLibvirtd() {
    hypervisor.restart();
  }

  /**
   * Power loss and boot: guests, daemons, /run and /tmp are gone, the rest of the disk stays, and
   * the network comes up anew.
   */
  public void reboot() {
    vdsm.forgetAll();
    machine.output(
        "sh",
        "-c",
        "kill -9 -1; find /run /tmp -xdev -mindepth 1 -delete; mkdir -p /run/lab /run/vdsm");
    hypervisor.forgetAll();
    wiring.disconnect(machine);
    wiring.connect(machine);
    hypervisor.boot();
  }

  /** The bridge ports of guests, from the kernel. */
  public List<Port> ports() {
    Map<String, Map.Entry<String, String>> owners = new TreeMap<>();
    for (String vmId : hypervisor.running()) {
      for (VmXml.Vnic vnic : hypervisor.live(vmId).vnics()) {
        vnic.tap().ifPresent(tap -> owners.put(tap, Map.entry(vmId, vnic.mac())));
      }
    }
    return machine
        .output("ls", "/sys/class/net")
        .lines()
        .filter(device -> !wiring.isUplink(device))
        .sorted()
        .flatMap(device -> port(device, Optional.ofNullable(owners.get(device))).stream())
        .toList();
  }

  /** Reads a port from sysfs; empty for a device that is no port, or went away meanwhile. */
  private Optional<Port> port(String device, Optional<Map.Entry<String, String>> owner) {
    Path sys = machine.path("/sys/class/net/" + device);
    try {
      return Optional.of(
          new Port(
              device,
              Files.readSymbolicLink(sys.resolve("brport/bridge")).getFileName().toString(),
              Files.readString(sys.resolve("brport/isolated")).strip().equals("1"),
              owner
                  .map(Map.Entry::getValue)
                  .orElse(Files.readString(sys.resolve("address")).strip()),
              owner.map(Map.Entry::getKey)));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new LabException(
          "The port '%s' of host '%s' cannot be read.".formatted(device, name()), e);
    }
  }

  /** What VDSM's getCapabilities reports; the hooks around it run. */
  public Capabilities capabilities() {
    hooks.runJson("before_get_caps", "{}", true);
    Map<String, Object> caps = new LinkedHashMap<>();
    caps.put("kernel", machine.output("uname", "-r").strip());
    hypervisor.version().ifPresent(version -> caps.put("libvirt", version));
    caps.put("hooks", installedHooks());
    try {
      Reported reported =
          JSON.readerFor(Reported.class)
              .readValue(hooks.runJson("after_get_caps", JSON.writeValueAsString(caps), false));
      return new Capabilities(
          Optional.ofNullable(reported.libvirt()), reported.kernel(), reported.hooks());
    } catch (JsonProcessingException e) {
      throw new LabException(
          "The after_get_caps hooks of host '%s' left no capabilities: %s"
              .formatted(name(), e.getMessage()),
          e);
    }
  }

  @JsonIgnoreProperties(ignoreUnknown = true)
  private record Reported(
      String libvirt, String kernel, Map<String, Map<String, Map<String, String>>> hooks) {}

  private Map<String, Map<String, Map<String, String>>> installedHooks() {
    Map<String, Map<String, Map<String, String>>> installed = new TreeMap<>();
    String listing =
        machine.output(
            "sh",
            "-c",
            "cd %s && find -L . -mindepth 2 -maxdepth 2 -type f -executable -exec sha256sum {} +"
                .formatted(HOOKS));
    for (String line : listing.lines().toList()) {
      String[] checksumAndFile = line.split(" +", 2);
      String[] path = checksumAndFile[1].split("/", 3);
      installed
          .computeIfAbsent(path[1], event -> new TreeMap<>())
          .put(path[2], Map.of("checksum", checksumAndFile[0]));
    }
    return installed;
  }
}
