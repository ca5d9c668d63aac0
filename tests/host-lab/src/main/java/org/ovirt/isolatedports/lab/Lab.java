// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Simulated oVirt hosts, a switch between them and a gateway behind it, all in namespaces of this
 * machine. Needs root.
 *
 * <pre>{@code
 * try (Lab lab = Lab.builder()
 *     .hosts("a", "b")
 *     .network("iso1", "10.77.1.0/24")
 *     .switchPortsProtected("iso1", true)
 *     .start()) {
 *   String vm = lab.host("a").start(domainXml);
 *   lab.reachability("iso1");
 * }
 * }</pre>
 *
 * <p>Several labs may run at once; they share nothing but the cache. What a lab makes ends with it,
 * also when the JVM is killed (see {@link Namespace}).
 */
public final class Lab implements AutoCloseable {

  private static final Duration LEASE = Duration.ofSeconds(90);

  /** How long a ping may go unanswered before it counts as not reached. */
  private static final Duration SILENCE = Duration.ofSeconds(6);

  private final LabRecord record;
  private final GuestKind guestKind;
  private final List<LabNetwork> networks;
  private final Map<String, LabHost> hosts = new LinkedHashMap<>();
  private final Map<String, Guest> guests = new ConcurrentHashMap<>();
  private final List<Namespace> machines = new CopyOnWriteArrayList<>();
  private final ExecutorService workers;
  private final Thread closer = new Thread(this::release, "lab-closer");
  private final Switch theSwitch;
  private final Gateway gateway;
  private boolean released;

  private Lab(Builder builder) {
    LabRequirements.check(builder.guests);
    this.networks = List.copyOf(builder.networks);
    this.workers =
        Executors.newCachedThreadPool(
            task -> {
              Thread thread = new Thread(task, "lab-worker");
              thread.setDaemon(true);
              return thread;
            });
    this.record = LabRecord.create();
    Runtime.getRuntime().addShutdownHook(closer);
    try {
      LabCache cache = LabCache.open(builder.cache);
      Future<GuestKind> kind = workers.submit(() -> choose(builder.guests, cache));
      this.theSwitch = new Switch(machine("switch", cache), networks);
      builder.protectedNetworks.forEach(network -> theSwitch.protect(network, true));
      Future<Gateway> gatewayStart =
          workers.submit(
              () ->
                  Gateway.start(
                      machine("gateway", cache), networks, theSwitch, cache, record.directory()));
      List<Future<Namespace>> prepared = new ArrayList<>();
      for (String name : builder.hosts) {
        prepared.add(workers.submit(() -> prepareHost(name, cache)));
      }
      this.guestKind = await(kind);
      List<Callable<LabHost>> boots = new ArrayList<>();
      for (int i = 0; i < prepared.size(); i++) {
        Namespace machine = await(prepared.get(i));
        int index = i + 1;
        boots.add(() -> bootHost(index, machine, cache));
      }
      inParallel(boots).forEach(host -> hosts.put(host.name(), host));
      this.gateway = await(gatewayStart);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private static GuestKind choose(GuestKind wanted, LabCache cache) {
    if (wanted == GuestKind.NETNS) {
      return wanted;
    }
    cache.guestImage();
    if (wanted == GuestKind.TCG) {
      return wanted;
    }
    boolean kvm = cache.kvmWorks();
    if (wanted == GuestKind.KVM && !kvm) {
      throw new LabException("KVM was asked for, but a trial boot on it failed; use TCG.");
    }
    return kvm ? GuestKind.KVM : GuestKind.TCG;
  }

  private Namespace machine(String name, LabCache cache) {
    Namespace machine = Namespace.create(name, cache.agent());
    synchronized (this) {
      if (released) {
        machine.close();
        throw new LabException("The lab ended while '%s' was being made.".formatted(name));
      }
      machines.add(machine);
    }
    record.add(machine.holder());
    return machine;
  }

  private Namespace prepareHost(String name, LabCache cache) {
    Namespace machine = machine(name, cache);
    machine.output(
        "sh",
        cache.script("host-setup.sh").toString(),
        name,
        cache.directory().toString(),
        UUID.randomUUID().toString());
    return machine;
  }

  private LabHost bootHost(int index, Namespace machine, LabCache cache) {
    Wiring wiring = new Wiring(index, networks, theSwitch);
    wiring.connect(machine);
    Hypervisor hypervisor =
        guestKind == GuestKind.NETNS
            ? new NamespaceHypervisor(machine, cache, record.directory())
            : new Libvirt(
                machine,
                guestKind == GuestKind.KVM,
                Path.of("/mnt/cache").resolve(cache.guestImage().getFileName()),
                Path.of("/mnt/cache").resolve(cache.directory().relativize(cache.halt())));
    hypervisor.boot();
    return new LabHost(machine, hypervisor, wiring, wiring.managementAddress(), this);
  }

  private static <T> T await(Future<T> future) {
    try {
      return future.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new LabException("A part of the lab failed.", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LabException("Interrupted while the lab was working.", e);
    }
  }

  private <T> List<T> inParallel(List<Callable<T>> tasks) {
    List<Future<T>> futures = tasks.stream().map(workers::submit).toList();
    return futures.stream().map(Lab::await).toList();
  }

  public static Builder builder() {
    return new Builder();
  }

  /** Ends what is left of labs whose JVM is gone. */
  public static void cleanStale() {
    LabRecord.cleanStale();
  }

  // ---- looking around --------------------------------------------------------------------------

  /** What stands for virtual machines: never {@link GuestKind#AUTO}. */
  public GuestKind guestKind() {
    return guestKind;
  }

  /** Where the lab keeps its logs while it lives. */
  public Path scratch() {
    return record.directory();
  }

  public List<LabNetwork> networks() {
    return networks;
  }

  public List<LabHost> hosts() {
    return List.copyOf(hosts.values());
  }

  public LabHost host(String name) {
    return Optional.ofNullable(hosts.get(name))
        .orElseThrow(() -> new LabException("The lab has no host '%s'.".formatted(name)));
  }

  public Gateway gateway() {
    return gateway;
  }

  /** A running guest, once it has booted. */
  public Guest guest(String vmId) {
    Guest guest =
        Optional.ofNullable(guests.get(vmId))
            .orElseThrow(() -> new LabException("No guest %s is running.".formatted(vmId)));
    guest.agent();
    return guest;
  }

  /** Protects, or stops protecting, the switch's ports towards hosts on a network. */
  public void switchPortsProtected(String network, boolean on) {
    theSwitch.protect(network(network).name(), on);
  }

  private LabNetwork network(String name) {
    return networks.stream()
        .filter(network -> network.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new LabException("The lab has no network '%s'.".formatted(name)));
  }

  // ---- guests ----------------------------------------------------------------------------------

  void started(String vmId, String name, LabHost host) {
    guests.put(vmId, new Guest(vmId, name, host));
  }

  void moved(String vmId, LabHost destination) {
    guests.get(vmId).moved(destination);
  }

  void stopped(String vmId) {
    Optional.ofNullable(guests.remove(vmId)).ifPresent(Guest::disconnect);
  }

  // ---- reachability ----------------------------------------------------------------------------

  private record Participant(Station station, String label, Station.Nic nic, String address) {}

  /**
   * Pings between all ordered pairs of NICs on a network, the gateway included, and counts the
   * frames each receiver saw. A guest is called by its VM's name, followed by {@code /} and the NIC
   * where it has several on this network. Waits for the guests to boot and for their DHCP leases; a
   * NIC without one is an error, because it would look isolated.
   *
   * @param vmIds the guests that take part; none means all that run
   */
  public Reachability reachability(String network, String... vmIds) {
    LabNetwork wanted = network(network);
    List<String> chosen =
        vmIds.length == 0 ? guests.keySet().stream().sorted().toList() : Arrays.asList(vmIds);
    List<Participant> participants =
        new ArrayList<>(
            inParallel(
                    chosen.stream()
                        .<Callable<List<Participant>>>map(id -> () -> participants(id, wanted))
                        .toList())
                .stream()
                .flatMap(List::stream)
                .sorted(Comparator.comparing(Participant::label))
                .toList());
    participants.add(
        new Participant(
            gateway,
            Reachability.GATEWAY,
            gateway.nics().stream()
                .filter(nic -> nic.name().equals(network))
                .findFirst()
                .orElseThrow(),
            wanted.gateway()));

    List<List<FrameCount>> before = forEach(participants, p -> p.station().counts());
    List<Set<String>> answered =
        forEach(
            participants,
            p ->
                p.station()
                    .ping(
                        SILENCE,
                        p.nic().name(),
                        participants.stream()
                            .filter(other -> !other.equals(p))
                            .map(Participant::address)
                            .toList()));
    List<List<FrameCount>> after = forEach(participants, p -> p.station().counts());

    List<Reachability.Row> rows = new ArrayList<>();
    for (int from = 0; from < participants.size(); from++) {
      for (int to = 0; to < participants.size(); to++) {
        if (from != to) {
          Participant sender = participants.get(from);
          Participant receiver = participants.get(to);
          rows.add(
              new Reachability.Row(
                  sender.label(),
                  receiver.label(),
                  answered.get(from).contains(receiver.address()),
                  seen(after.get(to), receiver, sender) - seen(before.get(to), receiver, sender)));
        }
      }
    }
    return new Reachability(network, rows);
  }

  private interface Question<T> {
    T ask(Participant participant);
  }

  private <T> List<T> forEach(List<Participant> participants, Question<T> question) {
    return inParallel(participants.stream().<Callable<T>>map(p -> () -> question.ask(p)).toList());
  }

  private static long seen(List<FrameCount> counts, Participant receiver, Participant sender) {
    return counts.stream()
        .filter(count -> count.receiver().equals(receiver.nic().mac()))
        .filter(count -> count.source().equals(sender.nic().mac()))
        .mapToLong(FrameCount::frames)
        .sum();
  }

  private List<Participant> participants(String vmId, LabNetwork network) {
    Guest guest = guest(vmId);
    List<String> macs =
        VmXml.parse(guest.host().liveXml(vmId)).vnics().stream()
            .filter(vnic -> vnic.bridge().equals(Optional.of(network.name())))
            .map(vnic -> vnic.mac().toLowerCase(Locale.ROOT))
            .toList();
    Map<String, String> leases = guest.awaitLeases(LEASE, macs);
    return macs.stream()
        .map(
            mac -> {
              Station.Nic nic = guest.nic(mac);
              String label = macs.size() == 1 ? guest.name() : guest.name() + "/" + nic.name();
              return new Participant(guest, label, nic, leases.get(mac));
            })
        .toList();
  }

  // ---- end -------------------------------------------------------------------------------------

  @Override
  public void close() {
    release();
    try {
      Runtime.getRuntime().removeShutdownHook(closer);
    } catch (IllegalStateException e) {
      // The JVM is ending already, and with it the hook runs.
    }
  }

  private synchronized void release() {
    if (released) {
      return;
    }
    released = true;
    guests.values().forEach(Guest::disconnect);
    hosts.values().forEach(host -> host.closeGuests());
    machines.parallelStream().forEach(Namespace::close);
    workers.shutdownNow();
    if (Files.exists(record.directory())) {
      record.delete();
    }
  }

  /** Describes a lab. */
  public static final class Builder {

    private List<String> hosts = List.of("a", "b");
    private final List<LabNetwork> networks = new ArrayList<>();
    private final List<String> protectedNetworks = new ArrayList<>();
    private GuestKind guests = GuestKind.AUTO;
    private Path cache = Path.of(System.getProperty("isolatedports.lab.cache", "target/lab-cache"));

    private Builder() {}

    /** Names of the hosts; "a" and "b" unless said otherwise. */
    public Builder hosts(String... names) {
      hosts = List.of(names);
      return this;
    }

    /** A network with an uplink of its own on every host. */
    public Builder network(String name, String subnet) {
      networks.add(LabNetwork.of(name, subnet, Optional.empty()));
      return this;
    }

    /** A network that is a VLAN on the hosts' shared uplink. */
    public Builder vlanNetwork(String name, String subnet, int tag) {
      networks.add(LabNetwork.of(name, subnet, Optional.of(tag)));
      return this;
    }

    /**
     * Whether the switch's ports towards hosts are protected on a network; they are not by default.
     */
    public Builder switchPortsProtected(String network, boolean on) {
      protectedNetworks.remove(network);
      if (on) {
        protectedNetworks.add(network);
      }
      return this;
    }

    public Builder guests(GuestKind kind) {
      guests = kind;
      return this;
    }

    /** Where the guests' kernel and the like are kept; {@code target/lab-cache} by default. */
    public Builder cache(Path directory) {
      cache = directory;
      return this;
    }

    /** Brings everything up; needs root. */
    public Lab start() {
      return new Lab(this);
    }
  }
}
