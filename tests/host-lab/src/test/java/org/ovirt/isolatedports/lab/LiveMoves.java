// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.ovirt.isolatedports.lab.DomainXml.Vnic;

/**
 * A running vNIC moves from a plain network to an isolated one and back, while it and an isolated
 * port of that network flood each other: libvirt puts the open tap on the bridge first and sets the
 * kernel's flag afterwards. {@code tests/host-lab/run.sh live-moves} runs it; its own main method
 * is for a machine where Maven would take too long.
 */
final class LiveMoves {

  private static final List<IsolatedBridge> LIST = List.of(new IsolatedBridge("iso1", "1", "iso1"));
  private static final Vnic MOVER = Vnic.on("plain1", "56:6f:11:66:00:01");

  /** The port that floods: made by the lab's agent, as libvirt would name it. */
  private static final String NEIGHBOUR = "vnet900";

  private static final String NEIGHBOUR_MAC = "56:6f:11:66:00:02";

  /** How many moves to make with nothing but the kernel's flag, to show the gap. */
  static final int FLAG_ONLY_MOVES = Integer.getInteger("moves.flag-only", 0);

  private static final Optional<Path> RESULT =
      Optional.ofNullable(System.getProperty("moves.result")).map(Path::of);

  /** Moves without any protection: each of them leaks as long as the vNIC is there. */
  private static final int CONTROL_MOVES = 3;

  private static final int FLOOD_MILLIS = (int) Poll.patient(Duration.ofMinutes(1)).toMillis();

  /** Between two frames of a sender; 0 is as fast as it can. */
  private static final int PAUSE_MICROS = Integer.getInteger("moves.pause-micros", 0);

  private static final int QUIET_FOR_EACH = 10;

  private static final Duration SAY_EVERY = Duration.ofSeconds(10);

  /**
   * What came of it.
   *
   * @param framesPerSecond what the weaker of the two senders sent
   * @param moves those during which the moving guest sent
   * @param quiet others, which prove little, and were made again
   * @param leaked frames that arrived, in both directions
   * @param flagOnlyLeaked the same with the kernel's flag alone, as libvirt sets it
   * @param controlLeaked the same with nothing of ours
   */
  record Outcome(
      String kernel,
      boolean floorByBridge,
      int moves,
      int quiet,
      long framesPerSecond,
      long leaked,
      int flagOnlyMoves,
      long flagOnlyLeaked,
      long controlLeaked) {

    String json() throws IOException {
      Map<String, Object> result = new LinkedHashMap<>();
      result.put("moves", moves);
      result.put("quiet_moves", quiet);
      result.put("flood_frames_per_s", framesPerSecond);
      result.put("leaked_frames", leaked);
      result.put("control_leaked_frames", controlLeaked);
      result.put("flag_only_moves", flagOnlyMoves);
      result.put("flag_only_leaked_frames", flagOnlyLeaked);
      result.put("floor_by_bridge", floorByBridge);
      result.put("kernel", kernel);
      return new ObjectMapper().writeValueAsString(result);
    }
  }

  /** One flood's figures. */
  private record Flood(long sent, long received, long leaked, int quiet, Duration took) {}

  private final long started = System.nanoTime();
  private final Lab lab;
  private final LabHost host;
  private final HookedHost hooked;
  private final String vmId;
  private final Guest guest;
  private final String tap;
  private int floods;

  private LiveMoves(Lab lab) {
    this.lab = lab;
    this.host = lab.host("a");
    say("the host is up");
    this.hooked = new HookedHost(lab, host).install(LIST).startWatch();
    say("the service runs");
    this.vmId = host.start(DomainXml.vm("mover").vnic(MOVER).domain());
    say("the VM is started");
    this.guest = lab.guest(vmId);
    say("its guest has booted");
    this.tap = hooked.port(MOVER).orElseThrow().device();
  }

  /**
   * Runs it; needs root.
   *
   * @param moves onto the isolated network, under protection
   * @param flagOnlyMoves as many with nothing but the kernel's flag, to show the gap; may be 0
   */
  static Outcome run(int moves, int flagOnlyMoves) {
    try (Lab lab =
        Lab.builder()
            .hosts("a")
            .network("iso1", "10.77.1.0/24")
            .network("plain1", "10.77.2.0/24")
            .guests(GuestKind.AUTO)
            .start()) {
      return new LiveMoves(lab).measure(moves, flagOnlyMoves);
    }
  }

  /** Holds an outcome to what is promised, and leaves it where it was asked for. */
  static void check(String outcome) throws IOException {
    System.out.println(outcome);
    if (RESULT.isPresent()) {
      Files.writeString(RESULT.get(), outcome + "\n", UTF_8);
    }
    JsonNode json = new ObjectMapper().readTree(outcome);
    assertThat(json.path("flood_frames_per_s").asLong()).as("the weaker sender").isPositive();
    assertThat(json.path("moves").asInt()).as("moves under a flood").isPositive();
    assertThat(json.path("control_leaked_frames").asLong())
        .as("frames that pass without protection: without any, nothing was proved")
        .isPositive();
    assertThat(json.path("leaked_frames").asLong(-1)).as("frames that passed").isZero();
  }

  /** Shows that it goes on, where everything is slow. */
  private void say(String what) {
    long seconds = Duration.ofNanos(System.nanoTime() - started).toSeconds();
    System.out.printf("%5d s: %s%n", seconds, what);
  }

  private Outcome measure(int moves, int flagOnlyMoves) {
    // The flood is for the two ports alone; a gateway that counts it would take their processor.
    host.run(
        "sh",
        "-c",
        "for p in /sys/class/net/iso1/brif/* /sys/class/net/plain1/brif/*; do p=${p##*/};"
            + " case $p in vnet*) ;; *) ip link set $p down ;; esac; done");
    boolean floorByBridge =
        host.run("sh", "-c", "nft list table bridge isolated_ports_bridges 2>&1 || true")
            .contains("ibrname");
    Flood guarded = flood(moves, true);
    hooked.killWatch();
    host.run(
        "sh",
        "-c",
        "nft delete table bridge isolated_ports_floor;"
            + " nft delete table bridge isolated_ports_bridges 2>/dev/null;"
            + " for d in /sys/class/net/vnet*; do ip link set ${d##*/} group 0; done");
    Flood flagOnly = flood(flagOnlyMoves, true);
    host.removeHooks();
    // More may pass than a busy machine can take in.
    Flood control = flood(CONTROL_MOVES, false);
    long millis = Math.max(1, guarded.took().toMillis());
    return new Outcome(
        host.run("uname", "-r").strip(),
        floorByBridge,
        moves,
        guarded.quiet(),
        Math.min(guarded.sent(), guarded.received()) * 1000 / millis,
        guarded.leaked(),
        flagOnlyMoves,
        flagOnly.leaked(),
        control.leaked());
  }

  /** Moves while both ends flood; counted: whether each frame that passes must be. */
  private Flood flood(int moves, boolean counted) {
    if (moves == 0) {
      return new Flood(0, 0, 0, 0, Duration.ZERO);
    }
    Path result = host.path("/run/lab/flood" + ++floods);
    Process neighbour =
        host.spawn(
            lab.scratch().resolve("flood.log"),
            "/proc/1/exe",
            "flood",
            NEIGHBOUR,
            NEIGHBOUR_MAC,
            tap,
            MOVER.mac(),
            "/run/lab/flood" + floods,
            Integer.toString(PAUSE_MICROS));
    Poll.until(
        Duration.ofSeconds(90),
        () -> Files.exists(host.path("/sys/class/net/" + NEIGHBOUR)),
        () -> "The flooding port did not appear.");
    // As libvirt brings a port up: isolated before it forwards.
    host.run("ip", "link", "set", NEIGHBOUR, "master", "iso1");
    host.run("ip", "link", "set", NEIGHBOUR, "type", "bridge_slave", "isolated", "on");
    host.run("ip", "link", "set", NEIGHBOUR, "up");
    host.run("sleep", "1");
    long before = received();
    long began = System.nanoTime();
    long floodEnds = 0;
    long said = began;
    int saidMoves = 0;
    int quiet = 0;
    String nic = guest.nic(MOVER.mac()).name();
    int done = 0;
    while (done < moves) {
      if (System.nanoTime() > floodEnds) {
        guest.flood(nic, FLOOD_MILLIS, PAUSE_MICROS);
        floodEnds = System.nanoTime() + Duration.ofMillis(FLOOD_MILLIS * 3L / 4).toNanos();
      }
      long beforeMove = received();
      host.updateNic(vmId, MOVER.withBridge("iso1").hotplug());
      if (received() == beforeMove) {
        quiet++;
      } else {
        done++;
      }
      if (quiet > QUIET_FOR_EACH * moves) {
        throw new LabException(
            "Only %d of %d moves met a flood: the machine is too busy.".formatted(done, moves));
      }
      host.updateNic(vmId, MOVER.hotplug());
      Duration since = Duration.ofNanos(System.nanoTime() - said);
      if (since.compareTo(SAY_EVERY) > 0) {
        double each = since.toMillis() / 1000.0 / (done + quiet - saidMoves);
        say("move %d of %d, %.1f s each".formatted(done, moves, each));
        said = System.nanoTime();
        saidMoves = done + quiet;
      }
    }
    Duration took = Duration.ofNanos(System.nanoTime() - began);
    long sentByMover = received() - before;
    host.run("sh", "-c", "pkill -TERM -f '[e]xe flood'");
    Poll.until(
        Duration.ofSeconds(90), () -> Files.exists(result), () -> "The flood has no result.");
    String[] counts = host.read("/run/lab/flood" + floods).strip().split(" ", -1);
    Poll.until(Duration.ofSeconds(90), () -> !neighbour.isAlive(), () -> "The flood does not end.");
    if (!counts[3].equals("0") && counted) {
      throw new LabException("%s frames could not be counted.".formatted(counts[3]));
    }
    return new Flood(
        Long.parseLong(counts[0]),
        sentByMover,
        Long.parseLong(counts[1]) + Long.parseLong(counts[2]),
        quiet,
        took);
  }

  /** Frames that came from the mover's guest so far. */
  private long received() {
    return Long.parseLong(
        host.read("/sys/class/net/%s/statistics/rx_packets".formatted(tap)).strip());
  }

  /** {@code LiveMoves MOVES FLAG-ONLY-MOVES}: the outcome as JSON is the last line. */
  public static void main(String[] arguments) throws IOException {
    System.out.println(run(Integer.parseInt(arguments[0]), Integer.parseInt(arguments[1])).json());
  }
}
