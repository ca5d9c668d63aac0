// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.ovirt.isolatedports.lab.DomainXml.Vnic;

/**
 * Random events and faults, while every guest sends all the time: not a frame may pass between
 * isolated vNICs, and no VM of others may be harmed. {@code tests/host-lab/run.sh events} runs it
 * with a count and a seed.
 */
@Tag("root")
class EventStormLabIT {

  /** The hooks that may hold a VM back on its host. */
  private static final Set<String> LEAVING =
      Set.of("before_vm_migrate_source", "before_vm_hibernate");

  private static final int COUNT = Integer.getInteger("events.count", 40);
  private static final long SEED = Long.getLong("events.seed", 1);
  private static final Optional<Path> RESULT =
      Optional.ofNullable(System.getProperty("events.result")).map(Path::of);

  private static final String PROPERTY = "port_isolation";
  private static final String NET = "/sys/class/net/";
  private static final String LIST_FILE = "/var/lib/isolated-ports/networks.json";
  private static final List<IsolatedBridge> LIST = List.of(new IsolatedBridge("iso1", "1", "iso1"));

  private final Random random = new Random(SEED);
  private final List<Tenant> tenants = new CopyOnWriteArrayList<>();
  private final List<Tenant> bystanders = new CopyOnWriteArrayList<>();
  private final List<String> unexpected = new ArrayList<>();
  private final Set<String> harmed = new TreeSet<>();
  private final Map<String, Integer> seen = new LinkedHashMap<>();
  private Lab lab;
  private Map<String, HookedHost> hosts;
  private int nextMac = 1;
  private int faults;
  private int changes;
  private long leaked;
  private long control;
  private volatile boolean sending = true;

  /**
   * A VM: an isolated vNIC, one that moves between the networks, and one on the plain network; or a
   * bystander with the plain one alone.
   */
  private final class Tenant {
    final List<Vnic> isolated;
    final List<Vnic> plain;
    final DomainXml document;
    Optional<Vnic> mover;
    volatile HookedHost at;
    volatile Optional<Guest> guest = Optional.empty();

    Tenant(String name, HookedHost at, boolean bystander) {
      this.at = at;
      this.isolated = bystander ? List.of() : List.of(vnic("iso1"));
      this.mover = bystander ? Optional.empty() : Optional.of(vnic("plain1"));
      this.plain = List.of(vnic("plain1"));
      this.document = DomainXml.vm(name);
      isolated.forEach(document::vnic);
      mover.ifPresent(document::vnic);
      plain.forEach(document::vnic);
    }

    String id() {
      return document.vmId();
    }

    void start() {
      at.host().start(document.domain());
      // The document has the moving vNIC on the plain network.
      mover =
          mover.map(vnic -> new Vnic(vnic.alias(), "plain1", vnic.mac(), Map.of(), false, true));
      guest = Optional.of(lab.guest(id()));
    }

    /** Its guest is about to go: what it has counted goes with it. */
    void leave() {
      Optional<Guest> last = guest;
      guest = Optional.empty();
      last.ifPresent(EventStormLabIT.this::collect);
    }
  }

  private Vnic vnic(String bridge) {
    return Vnic.on(bridge, "56:6f:11:44:%02x:%02x".formatted(nextMac / 256, nextMac++ % 256));
  }

  // ---- set-up and outcome ----------------------------------------------------------------------

  @Test
  void noFramePassesAndNobodyElseIsHarmed() throws IOException {
    try (Lab built =
        Lab.builder()
            .hosts("a", "b")
            .network("iso1", "10.77.1.0/24")
            .network("plain1", "10.77.2.0/24")
            .switchPortsProtected("iso1", true)
            .guests(GuestKind.AUTO)
            .start()) {
      lab = built;
      hosts = new LinkedHashMap<>();
      for (LabHost host : lab.hosts()) {
        HookedHost hooked = new HookedHost(lab, host).install(LIST).startWatch();
        hosts.put(host.name(), hooked);
        monitor(host);
      }
      for (HookedHost host : hosts.values()) {
        for (int i = 0; i < 2; i++) {
          tenants.add(new Tenant("tenant-%s%d".formatted(host.host().name(), i), host, false));
        }
        bystanders.add(new Tenant("other-" + host.host().name(), host, true));
      }
      all().parallelStream().forEach(Tenant::start);
      Thread sender = new Thread(this::sendAllTheTime, "sender");
      sender.setDaemon(true);
      sender.start();
      for (int i = 0; i < COUNT; i++) {
        step(i);
      }
      sending = false;
      sender.join();
      all().forEach(Tenant::leave);
      report();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private List<Tenant> all() {
    List<Tenant> all = new ArrayList<>(tenants);
    all.addAll(bystanders);
    return all;
  }

  private void report() throws IOException {
    ObjectMapper json = new ObjectMapper();
    double longest = 0;
    for (HookedHost host : hosts.values()) {
      host.host().run("sh", "-c", "kill -TERM $(cat /run/lab/flags.pid)");
      Path file = host.host().path("/run/lab/flags");
      Poll.until(Duration.ofSeconds(90), () -> Files.exists(file), () -> "No flag monitor.");
      JsonNode flags = json.readTree(Files.readString(file));
      assertThat(flags.get("lost").asInt()).as("messages the flag monitor lost").isZero();
      longest = Math.max(longest, flags.get("max_ms").asDouble());
    }
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("events", COUNT);
    result.put("faults", faults);
    result.put("changes", changes);
    result.put("changes_share", Math.round(100.0 * changes / COUNT) / 100.0);
    result.put("leaked_frames", leaked);
    result.put("unisolated_ms_max", longest);
    result.put("harmed_vms", harmed.size());
    result.put("control_frames", control);
    result.put("seed", SEED);
    result.put("kinds", seen);
    String line = json.writeValueAsString(result);
    System.out.println(line);
    if (RESULT.isPresent()) {
      Files.writeString(RESULT.get(), line + "\n", UTF_8);
    }
    assertThat(unexpected).isEmpty();
    assertThat(changes * 3)
        .as("live changes and what follows them: a third")
        .isGreaterThanOrEqualTo(COUNT);
    assertThat(control)
        .as("frames among plain vNICs: without any, nothing was proved")
        .isPositive();
    assertThat(leaked).as("frames among isolated vNICs").isZero();
    assertThat(harmed).as("harmed VMs of others").isEmpty();
  }

  private void monitor(LabHost host) throws IOException {
    try (InputStream script = EventStormLabIT.class.getResourceAsStream("flag-monitor.py")) {
      host.write("/run/lab/flag-monitor.py", new String(script.readAllBytes(), UTF_8));
    }
    host.spawn(
        lab.scratch().resolve("flags-" + host.name() + ".log"),
        "python3",
        "/run/lab/flag-monitor.py",
        "iso1",
        "/run/lab/flags");
    Path pid = host.path("/run/lab/flags.pid");
    Poll.until(Duration.ofSeconds(90), () -> Files.exists(pid), () -> "No flag monitor.");
  }

  // ---- traffic ---------------------------------------------------------------------------------

  /** Broadcasts from every vNIC, and unicasts from each isolated one to every other. */
  private void sendAllTheTime() {
    while (sending) {
      for (Tenant tenant : all()) {
        tenant.guest.ifPresent(guest -> send(tenant, guest));
      }
    }
  }

  private void send(Tenant tenant, Guest guest) {
    try {
      for (Station.Nic nic : guest.nics()) {
        guest.send(nic.name(), 3, Frames.raw(nic.mac(), Frames.BROADCAST, Frames.EXPERIMENTAL));
        if (tenant.isolated.stream().anyMatch(own -> own.mac().equals(nic.mac()))) {
          for (Tenant other : tenants) {
            for (Vnic target : other.isolated) {
              if (other != tenant) {
                guest.send(nic.name(), 1, Frames.raw(nic.mac(), target.mac(), Frames.EXPERIMENTAL));
              }
            }
          }
        }
      }
    } catch (LabException e) {
      // It is just being moved, saved or ended.
      Thread.onSpinWait();
    }
  }

  /** Adds what a guest has seen; two vNICs that move may meet on the plain network. */
  private synchronized void collect(Guest guest) {
    Set<String> isolated = new TreeSet<>();
    Set<String> movers = new TreeSet<>();
    Set<String> plain = new TreeSet<>();
    for (Tenant tenant : all()) {
      tenant.isolated.forEach(vnic -> isolated.add(vnic.mac()));
      tenant.mover.ifPresent(vnic -> movers.add(vnic.mac()));
      tenant.plain.forEach(vnic -> plain.add(vnic.mac()));
    }
    for (FrameCount count : guest.counts()) {
      boolean from = isolated.contains(count.source());
      boolean to = isolated.contains(count.receiver());
      if (!count.source().equals(count.receiver())
          && ((from && to)
              || (from && movers.contains(count.receiver()))
              || (to && movers.contains(count.source())))) {
        leaked += count.frames();
        unexpected.add("Leaked to %s: %s".formatted(guest.name(), count));
      }
      if (plain.contains(count.source()) && plain.contains(count.receiver())) {
        control += count.frames();
      }
    }
  }

  // ---- events ----------------------------------------------------------------------------------

  private interface Event {
    void run();
  }

  private void step(int number) {
    Tenant tenant = tenants.get(random.nextInt(tenants.size()));
    Tenant second = tenants.get(random.nextInt(tenants.size()));
    Tenant other = bystanders.get(random.nextInt(bystanders.size()));
    // At least a third: what VDSM's metadata say of a vNIC is one update old, and travels so.
    if (number % 5 < 2) {
      change(number, tenant);
      return;
    }
    int dice = random.nextInt(100);
    if (dice < 24) {
      event("link", number, () -> link(tenant));
    } else if (dice < 36) {
      event("network", number, () -> move(tenant));
    } else if (dice < 48) {
      event("by hand", number, () -> byHand(tenant));
    } else if (dice < 53) {
      event("re-enslaved", number, () -> reEnslave(tenant));
    } else if (dice < 58) {
      event("virsh", number, () -> withVirsh(tenant));
    } else if (dice < 63) {
      event("rollback", number, () -> rollBack(tenant));
    } else if (dice < 69) {
      event("plug", number, () -> plug(tenant));
    } else if (dice < 74) {
      event("other's link", number, () -> otherLink(other));
    } else if (dice < 76) {
      event("migration", number, () -> migrate(tenant));
    } else if (dice < 78) {
      event("hibernation", number, () -> hibernate(tenant));
    } else if (dice < 80) {
      event("restart", number, () -> restart(tenant));
    } else {
      faults++;
      fault(number, dice, tenant, second, other);
    }
  }

  /** A live change of profile or network, and what could bring the vNIC up open after it. */
  private void change(int number, Tenant tenant) {
    changes++;
    int dice = random.nextInt(20);
    if (dice < 3) {
      event("change, migration", number, () -> changeAnd(tenant, () -> migrate(tenant)));
    } else if (dice < 6) {
      event("change, hibernation", number, () -> changeAnd(tenant, () -> hibernate(tenant)));
    } else if (dice < 14) {
      event("change, failed update", number, () -> changeAnd(tenant, () -> failedChange(tenant)));
    } else {
      event("change, watch killed", number, () -> changeAnd(tenant, () -> killWatchAfter(tenant)));
    }
  }

  private void fault(int number, int dice, Tenant tenant, Tenant second, Tenant other) {
    if (dice < 86) {
      event("fault: hook killed", number, () -> whileHooksAreKilled(tenant, () -> link(tenant)));
    } else if (dice < 91) {
      event("fault: disk full", number, () -> onAFullDisk(tenant, () -> link(tenant)));
    } else if (dice < 95) {
      event("fault: two at once", number, () -> atOnce(() -> link(tenant), () -> move(second)));
    } else if (dice < 97) {
      event("fault: list damaged", number, () -> damageList(tenant.at));
    } else if (dice < 98) {
      event("fault: libvirtd restarted", number, () -> tenant.at.host().restartLibvirtd());
    } else if (dice < 99) {
      event("fault: watch killed", number, () -> restartWatch(tenant.at));
    } else {
      event(
          "fault: two at once, other's",
          number,
          () -> atOnce(() -> rollBack(tenant), () -> otherLink(other)));
    }
  }

  private void event(String kind, int number, Event event) {
    seen.merge(kind, 1, Integer::sum);
    if (number % 50 == 0) {
      System.out.printf("event %d of %d: %s%n", number, COUNT, kind);
    }
    try {
      event.run();
      check();
    } catch (LabException e) {
      unexpected.add("Event %d, %s: %s".formatted(number, kind, e.getMessage()));
    }
  }

  /** Every isolated vNIC's flag is on, at the latest in a moment, and nobody else's is. */
  private void check() {
    for (Tenant tenant : tenants) {
      tenant.isolated.forEach(vnic -> await(tenant, vnic, true));
      tenant.mover.ifPresent(vnic -> await(tenant, vnic, wanted(vnic)));
    }
    for (Tenant other : all()) {
      for (Vnic vnic : other.plain) {
        if (isolated(other, vnic)) {
          harmed.add(other.document.vmId());
        }
      }
    }
  }

  private static void await(Tenant tenant, Vnic vnic, boolean isolated) {
    Poll.until(
        Duration.ofSeconds(90),
        () -> isolated(tenant, vnic) == isolated,
        () ->
            "The vNIC %s of '%s' is not %s."
                .formatted(vnic.mac(), tenant.id(), isolated ? "isolated" : "open"));
  }

  private static boolean isolated(Tenant tenant, Vnic vnic) {
    Path flag = tenant.at.host().path(NET + tap(tenant, vnic) + "/brport/isolated");
    try {
      return Files.readString(flag).strip().equals("1");
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * The tap of a vNIC, found by its own MAC, libvirt's with fe in front: the vNICs here differ in
   * their last bytes. Asking libvirt each time would take most of the run.
   */
  private static String tap(Tenant tenant, Vnic vnic) {
    String mac = "fe" + vnic.mac().substring(2);
    try (DirectoryStream<Path> devices =
        Files.newDirectoryStream(tenant.at.host().path(NET), "vnet*")) {
      for (Path device : devices) {
        if (Files.readString(device.resolve("address")).strip().equals(mac)) {
          return device.getFileName().toString();
        }
      }
    } catch (IOException e) {
      throw new LabException("The taps of a host cannot be read.", e);
    }
    throw new LabException("No tap has the MAC %s.".formatted(mac));
  }

  private void link(Tenant tenant) {
    Vnic vnic = tenant.isolated.get(0);
    tenant.at.host().updateNic(tenant.id(), vnic.withLink(false).hotplug());
    tenant.at.host().updateNic(tenant.id(), vnic.withLink(true).hotplug());
  }

  private void otherLink(Tenant other) {
    Vnic vnic = other.plain.get(0);
    try {
      other.at.host().updateNic(other.id(), vnic.withLink(false).hotplug());
      other.at.host().updateNic(other.id(), vnic.withLink(true).hotplug());
    } catch (HookRefused e) {
      harmed.add(other.id());
    }
  }

  private void move(Tenant tenant) {
    Vnic from = tenant.mover.orElseThrow();
    Vnic to =
        new Vnic(
            from.alias(),
            from.bridge().equals("iso1") ? "plain1" : "iso1",
            from.mac(),
            Map.of(),
            false,
            true);
    tenant.at.host().updateNic(tenant.id(), to.hotplug());
    tenant.mover = Optional.of(to);
  }

  private static boolean wanted(Vnic vnic) {
    return vnic.bridge().equals("iso1") || vnic.custom().containsKey(PROPERTY);
  }

  /**
   * The mover as it could be and is not: on either network, with a profile that isolates or not.
   */
  private Vnic another(Vnic from) {
    List<Vnic> others = new ArrayList<>();
    for (String bridge : List.of("iso1", "plain1")) {
      for (Map<String, String> custom :
          List.of(Map.<String, String>of(), Map.of(PROPERTY, "true"))) {
        others.add(new Vnic(from.alias(), bridge, from.mac(), custom, false, true));
      }
    }
    others.remove(from);
    return others.get(random.nextInt(others.size()));
  }

  private void changeAnd(Tenant tenant, Event then) {
    Vnic to = another(tenant.mover.orElseThrow());
    tenant.at.host().updateNic(tenant.id(), to.hotplug());
    tenant.mover = Optional.of(to);
    then.run();
    // Nobody waits here: it comes up so, or it was open for a while.
    List<Vnic> closed = new ArrayList<>(tenant.isolated);
    tenant.mover.filter(EventStormLabIT::wanted).ifPresent(closed::add);
    for (Vnic vnic : closed) {
      if (!isolated(tenant, vnic)) {
        throw new LabException("The vNIC %s of '%s' is open.".formatted(vnic, tenant.id()));
      }
    }
  }

  /** A further change that fails after libvirt has made it, and what the engine does next. */
  private void failedChange(Tenant tenant) {
    Vnic engines = tenant.mover.orElseThrow();
    Vnic tried = random.nextBoolean() ? engines : another(engines);
    try {
      tenant.at.host().updateNicWithFailingMirroring(tenant.id(), tried.hotplug());
      throw new IllegalStateException("The mirroring did not fail.");
    } catch (LabException e) {
      // VDSM's rollback has put it where it was to go. The engine has it where it was before.
      boolean byProfile =
          tried.custom().containsKey(PROPERTY) || engines.custom().containsKey(PROPERTY);
      if (byProfile || tried.bridge().equals("iso1")) {
        await(tenant, tried, true);
        restartWatch(tenant.at);
        await(tenant, tried, true);
      }
    }
    tenant.at.host().updateNic(tenant.id(), engines.hotplug());
  }

  private void killWatchAfter(Tenant tenant) {
    restartWatch(tenant.at);
    Vnic mover = tenant.mover.orElseThrow();
    if (!wanted(mover)) {
      // What settles a word may have been lost with the watch: then it is closed until now.
      tenant.at.host().updateNic(tenant.id(), mover.hotplug());
    }
  }

  private void byHand(Tenant tenant) {
    Vnic vnic = tenant.isolated.get(0);
    tenant
        .at
        .host()
        .run("ip", "link", "set", tap(tenant, vnic), "type", "bridge_slave", "isolated", "off");
  }

  private void reEnslave(Tenant tenant) {
    String tap = tap(tenant, tenant.isolated.get(0));
    tenant.at.host().run("ip", "link", "set", tap, "nomaster");
    tenant.at.host().run("ip", "link", "set", tap, "master", "iso1");
  }

  /** An administrator's update-device with an XML that knows no isolation. */
  private void withVirsh(Tenant tenant) {
    VmXml.Vnic live =
        VmXml.parse(tenant.at.host().liveXml(tenant.id()))
            .vnicByAlias(tenant.isolated.get(0).alias());
    tenant
        .at
        .host()
        .write(
            "/run/lab/update.xml",
            Xml.indented(LabDomain.vdsmInterface(live).getDocumentElement()));
    tenant.at.host().run("virsh", "update-device", tenant.id(), "/run/lab/update.xml", "--live");
  }

  private void rollBack(Tenant tenant) {
    try {
      tenant.at.host().updateNicWithFailingMirroring(tenant.id(), tenant.isolated.get(0).hotplug());
    } catch (LabException e) {
      return;
    }
    throw new LabException("The mirroring did not fail.");
  }

  /** A profile made a moment ago carries nothing: the list alone isolates. */
  private void plug(Tenant tenant) {
    Vnic fresh = vnic("iso1");
    tenant.at.host().hotplugNic(tenant.id(), fresh.hotplug());
    if (!isolated(tenant, fresh)) {
      throw new LabException("A plugged vNIC came up open.");
    }
    tenant.at.host().hotunplugNic(tenant.id(), fresh.hotunplug());
  }

  private void migrate(Tenant tenant) {
    HookedHost from = tenant.at;
    HookedHost to = hosts.values().stream().filter(host -> host != from).findFirst().orElseThrow();
    leaving(() -> from.host().migrate(tenant.id(), to.host()));
    tenant.at = to;
  }

  /**
   * A VM whose last update is not in its metadata yet, as the watch is just starting, may not
   * leave: it is tried again, as the refusal says, and may within a minute.
   */
  private void leaving(Event departure) {
    AtomicReference<HookRefused> refusal = new AtomicReference<>();
    Poll.until(
        Duration.ofSeconds(90),
        () -> hasLeft(departure, refusal),
        () -> "A VM may not leave its host: %s".formatted(refusal.get().getMessage()));
    if (refusal.get() != null) {
      seen.merge("waited before it left", 1, Integer::sum);
    }
  }

  private static boolean hasLeft(Event departure, AtomicReference<HookRefused> refusal) {
    try {
      departure.run();
      return true;
    } catch (HookRefused e) {
      if (!LEAVING.contains(e.event())) {
        throw new LabException("A VM may not leave its host.", e);
      }
      refusal.set(e);
      return false;
    }
  }

  private void hibernate(Tenant tenant) {
    tenant.leave();
    leaving(() -> tenant.at.host().hibernate(tenant.id()));
    tenant.at.host().resume(tenant.id());
    tenant.guest = Optional.of(lab.guest(tenant.id()));
  }

  private void restart(Tenant tenant) {
    tenant.leave();
    tenant.at.host().destroy(tenant.id());
    tenant.start();
  }

  // ---- faults ----------------------------------------------------------------------------------

  /** kill -9 for every hook of this host, in its own process namespace, as soon as it runs. */
  private void whileHooksAreKilled(Tenant tenant, Event event) {
    LabHost host = tenant.at.host();
    host.write("/run/lab/killing", "");
    host.spawn(
        lab.scratch().resolve("killer.log"),
        "sh",
        "-c",
        "while [ -e /run/lab/killing ]; do pkill -9 -f vdsm/hooks/before_; sleep 0.03; done");
    try {
      event.run();
    } catch (HookRefused e) {
      // VDSM reports the failed hook and rolls back, which opens the vNIC: the watch closes it.
      seen.merge("hooks killed", 1, Integer::sum);
    } finally {
      host.run("rm", "/run/lab/killing");
    }
  }

  /** Room for VDSM's own file, and for nothing else. */
  private void onAFullDisk(Tenant tenant, Event event) {
    LabHost host = tenant.at.host();
    host.run("mount", "-t", "tmpfs", "-o", "size=4k,mode=1777", "tmpfs", "/tmp");
    try {
      event.run();
    } finally {
      host.run("umount", "-l", "/tmp");
    }
  }

  private void atOnce(Event first, Event second) {
    CompletableFuture<Void> one = CompletableFuture.runAsync(first::run);
    CompletableFuture<Void> two = CompletableFuture.runAsync(second::run);
    try {
      CompletableFuture.allOf(one, two).join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof LabException failed
          ? failed
          : new LabException("Two events at once failed.", e);
    }
  }

  private void damageList(HookedHost host) {
    host.host().write(LIST_FILE, "{\"version\": 1, \"netw");
    Poll.until(
        Duration.ofSeconds(90),
        () -> host.host().read(LIST_FILE).contains("iso1"),
        () -> "The list was not written anew.");
  }

  private void restartWatch(HookedHost host) {
    host.killWatch();
    host.startWatch();
  }
}
