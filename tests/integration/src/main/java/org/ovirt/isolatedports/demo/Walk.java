// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.demo;

import static org.ovirt.engine.sdk4.builders.Builders.dataCenter;
import static org.ovirt.engine.sdk4.builders.Builders.network;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import org.ovirt.engine.sdk4.types.Network;
import org.ovirt.engine.sdk4.types.NetworkUsage;
import org.ovirt.isolatedports.lab.GuestKind;
import org.ovirt.isolatedports.lab.IsolatedBridge;
import org.ovirt.isolatedports.lab.LabHost;
import org.ovirt.isolatedports.lab.Port;
import org.ovirt.isolatedports.lab.Reachability;
import org.ovirt.isolatedports.rig.LabHostAgent;

/**
 * The eight steps of the feature page's "User work-flows", and what becomes of it all when our
 * server stops and comes back, each on real parts: our server on WildFly with PostgreSQL, an engine
 * stand-in, two simulated hosts with libvirt and real guests.
 */
final class Walk implements AutoCloseable {

  private static final List<String> GUESTS = List.of("vm1", "vm2", "vm3", "vm4");
  private static final String LATE_GUEST = "vm5";
  private static final String LAST_GUEST = "vm6";

  private final Options options;
  private final Report report;
  private final Consumer<String> out;
  private final CountDownLatch interrupted = new CountDownLatch(1);
  private final Stage stage;
  private final Thread closer = new Thread(this::release, "demo-closer");

  /** A walk that tells {@code out} how each step goes; what it tells has its line ends. */
  Walk(Path project, Options options, Report report, Consumer<String> out) {
    this.stage = new Stage(project, options, report);
    this.options = options;
    this.report = report;
    this.out = out;
    Runtime.getRuntime().addShutdownHook(closer);
  }

  /** Walks; the report holds what was seen, also when a step fails and ends the walk. */
  void run() {
    report.enforcement(options.nativeEngine() ? "native" : "hook");
    boolean ready =
        step("0. Start the server, the engine and two hosts", stage::startEverything)
            && step("1. Every host has an unused Ethernet port", this::everyHostHasAnUplink)
            && step("2. The switch protects the ports of the hosts", this::switchProtectsItsPorts)
            && step("3. Create the isolated network, and a plain one", this::createNetworks)
            && step("4. Attach the networks to the hosts", this::attachNetworks)
            && step("5. Attach the networks to vNICs and run the VMs", this::runVms)
            && step("   Observe who reaches whom", this::observe);
    if (!ready) {
      return;
    }
    step("6. Two VMs on the same host cannot communicate", () -> apart(true));
    step("7. Two VMs on separate hosts cannot communicate", () -> apart(false));
    step("8. The VMs communicate with the uplink", this::uplinkReached);
    step("   On the plain network everybody reaches everybody", this::controlHolds);
    out.accept(new Matrix(report, Stage.ISOLATED, Report.By.ISOLATION).measured());
    out.accept(new Matrix(report, Stage.PLAIN, Report.By.ISOLATION).measured());
    step("9. With our server stopped, a VM still comes up isolated", this::serverStopped);
    if (step("10. Started again, our server finds its way back", this::serverReturns)) {
      segments();
    }
  }

  /** The second part; each step stands on the one before it. */
  private void segments() {
    if (stage.lab().guestKind() == GuestKind.NETNS) {
      out.accept(
          "%nSteps 11 to 14 need libvirt, which tells a host what vNIC is behind a port: --guests tcg%n"
              .formatted());
      return;
    }
    Segments segments = new Segments(stage, report);
    if (step("11. Hosts fetch their rulesets with their certificates", segments::hostsFetch)
        && step("12. Communities, a promiscuous and an isolated VM", segments::roles)) {
      out.accept(new Matrix(report, Stage.ISOLATED, Report.By.ROLE).predictedAndMeasured());
      if (step("13. An ACL of the Harvester document", segments::acl)) {
        out.accept(new Matrix(report, Stage.PLAIN, Report.By.ACL).predictedAndMeasured());
        step("14. A network policy of the document", segments::networkPolicy);
        out.accept(
            new Matrix(report, Stage.PLAIN, Report.By.NETWORK_POLICY).predictedAndMeasured());
      }
    }
  }

  private String everyHostHasAnUplink() {
    for (LabHost host : stage.lab().hosts()) {
      for (String name : List.of(Stage.ISOLATED, Stage.PLAIN)) {
        if (host.run("ls", "/sys/class/net/" + name + "/brif").isBlank()) {
          throw new IllegalStateException(
              "Host " + host.name() + " has no Ethernet port for network " + name + ".");
        }
      }
    }
    return "hosts " + Stage.HOSTS + ", one port for each of the two networks";
  }

  private String switchProtectsItsPorts() {
    // The demo's switch is ours to set; whether it holds shows in step 7.
    return options.switchProtected()
        ? "ports of network " + Stage.ISOLATED + " are protected ports"
        : "sabotaged: the ports are NOT protected";
  }

  private String createNetworks() {
    String dataCenterId =
        stage
            .engineApi()
            .systemService()
            .dataCentersService()
            .list()
            .send()
            .dataCenters()
            .get(0)
            .id();
    for (String name : List.of(Stage.ISOLATED, Stage.PLAIN)) {
      Network created =
          stage
              .api()
              .systemService()
              .networksService()
              .add()
              .network(
                  network()
                      .name(name)
                      .dataCenter(dataCenter().id(dataCenterId))
                      .usages(NetworkUsage.VM)
                      .portIsolation(name.equals(Stage.ISOLATED)))
              .send()
              .network();
      stage.networkIds().put(name, created.id());
      Network read =
          stage
              .api()
              .systemService()
              .networksService()
              .networkService(created.id())
              .get()
              .send()
              .network();
      Stage.require(
          read.portIsolation() == name.equals(Stage.ISOLATED),
          "Network " + name + " reads port_isolation=" + read.portIsolation() + ".");
    }
    if (options.nativeEngine()) {
      // An engine makes a network's profile up to two seconds after it has answered.
      Stage.await(
          "The engine makes no profile for the networks", () -> stage.hasProfile(Stage.ISOLATED));
    }
    boolean carried = stage.profileCarriesProperty();
    Stage.await(
        "The engine makes no profile for the networks", () -> stage.hasProfile(Stage.PLAIN));
    Stage.require(
        carried != options.nativeEngine(),
        carried
            ? "The engine enforces by itself, and yet the vNIC profile carries our property."
            : "The vNIC profile of network " + Stage.ISOLATED + " does not carry our property.");
    return "an unmodified SDK client reads port_isolation=true on "
        + Stage.ISOLATED
        + (carried
            ? "; its vNIC profile carries the property"
            : "; the engine knows the attribute");
  }

  private String attachNetworks() {
    String clusterId =
        stage.engineApi().systemService().clustersService().list().send().clusters().get(0).id();
    stage.runIn(clusterId);
    String clusterName =
        stage.engineApi().systemService().clustersService().list().send().clusters().get(0).name();
    for (String name : stage.networkIds().keySet()) {
      stage
          .api()
          .systemService()
          .clustersService()
          .clusterService(clusterId)
          .networksService()
          .add()
          .network(network().id(stage.networkIds().get(name)).required(false))
          .send();
    }
    for (LabHost host : stage.lab().hosts()) {
      // The list isolated-ports-host keeps from what the server says; the lab writes it here.
      host.isolatedBridges(
          List.of(
              new IsolatedBridge(
                  Stage.ISOLATED, stage.networkIds().get(Stage.ISOLATED), Stage.ISOLATED)));
      stage
          .engine()
          .addHost(
              host.name(),
              clusterName,
              new LabHostAgent(
                  host, Map.of(Stage.ISOLATED, Stage.ISOLATED, Stage.PLAIN, Stage.PLAIN)));
    }
    stage.awaitHostsKnown();
    return "cluster " + clusterName + ", hosts " + Stage.HOSTS;
  }

  private String runVms() throws InterruptedException {
    Map<String, String> profiles =
        Map.of(
            Stage.ISOLATED,
            stage.profile(Stage.ISOLATED).id(),
            Stage.PLAIN,
            stage.profile(Stage.PLAIN).id());
    List<CompletableFuture<String>> starts = new ArrayList<>();
    for (String name : GUESTS) {
      starts.add(CompletableFuture.supplyAsync(() -> stage.startVm(name, profiles)));
    }
    for (CompletableFuture<String> start : starts) {
      stage.awaitUp(start.join());
    }
    List<String> placed = new ArrayList<>();
    for (LabHost host : stage.lab().hosts()) {
      placed.add(host.name() + ": " + host.running().size());
      Stage.require(
          host.running().size() == GUESTS.size() / Stage.HOSTS.size(),
          "The VMs are not spread over the hosts: " + placed + ".");
    }
    return GUESTS + " up with a vNIC on each network (" + String.join(", ", placed) + ")";
  }

  private String observe() {
    for (String name : List.of(Stage.ISOLATED, Stage.PLAIN)) {
      Reachability observed = stage.lab().reachability(name);
      for (Reachability.Row row : observed.rows()) {
        boolean expected = name.equals(Stage.PLAIN) || touchesGateway(row.from(), row.to());
        report.add(
            new Report.Pair(
                name,
                row.from(),
                row.to(),
                expected,
                row.reached(),
                row.framesSeen(),
                Report.By.ISOLATION));
      }
    }
    List<String> wrong = new ArrayList<>();
    for (LabHost host : stage.lab().hosts()) {
      for (Port port : host.ports()) {
        if (port.isolated() != port.bridge().equals(Stage.ISOLATED)) {
          wrong.add(host.name() + "/" + port.device() + " on " + port.bridge());
        }
      }
    }
    Stage.require(wrong.isEmpty(), "The kernel's isolated flag is wrong on: " + wrong + ".");
    return report.pairs().size() + " ordered pairs, every guest with a DHCP lease on each network";
  }

  private String apart(boolean sameHost) {
    List<Report.Pair> pairs =
        report.pairs().stream()
            .filter(pair -> pair.network().equals(Stage.ISOLATED))
            .filter(pair -> !touchesGateway(pair.from(), pair.to()))
            .filter(pair -> stage.hostOf(pair.from()).equals(stage.hostOf(pair.to())) == sameHost)
            .toList();
    return verdict(pairs, "no answer and no frame in any of " + pairs.size() + " ordered pairs");
  }

  private String uplinkReached() {
    List<Report.Pair> pairs =
        report.pairs().stream()
            .filter(pair -> pair.network().equals(Stage.ISOLATED))
            .filter(pair -> touchesGateway(pair.from(), pair.to()))
            .toList();
    return verdict(pairs, "gateway answers every guest, and every guest the gateway");
  }

  private String controlHolds() {
    List<Report.Pair> pairs =
        report.pairs().stream().filter(pair -> pair.network().equals(Stage.PLAIN)).toList();
    return verdict(pairs, "all " + pairs.size() + " ordered pairs answer");
  }

  /** The engine falls open without its external scheduler; the hook is what holds. */
  private String serverStopped() throws InterruptedException {
    stage.server().stop();
    stage.awaitUp(
        stage.startVm(LATE_GUEST, Map.of(Stage.ISOLATED, stage.profile(Stage.ISOLATED).id())));
    List<Report.Pair> pairs =
        stage.lab().reachability(Stage.ISOLATED).rows().stream()
            .filter(row -> row.from().equals(LATE_GUEST) || row.to().equals(LATE_GUEST))
            .map(
                row ->
                    new Report.Pair(
                        Stage.ISOLATED,
                        row.from(),
                        row.to(),
                        touchesGateway(row.from(), row.to()),
                        row.reached(),
                        row.framesSeen(),
                        Report.By.ISOLATION))
            .toList();
    pairs.forEach(report::add);
    return verdict(pairs, LATE_GUEST + " reaches the gateway and none of " + GUESTS);
  }

  /** The list, the scheduler and the guard, after whatever happened while we were not there. */
  private String serverReturns() throws InterruptedException {
    stage.server().start();
    Stage.await("Our server does not list the isolated network", stage::listsTheIsolatedNetwork);
    stage.awaitHostsKnown();
    Stage.await(
        "The engine's filter is not ours again", () -> stage.ask("scheduler", "filter", "enabled"));
    String vm =
        stage.startVm(LAST_GUEST, Map.of(Stage.ISOLATED, stage.profile(Stage.ISOLATED).id()));
    stage.awaitUp(vm);
    Stage.await(
        "Our server was not asked where " + LAST_GUEST + " may run",
        () -> stage.ours("decisions?max=1&vm=" + vm).contains(LAST_GUEST));
    if (!options.nativeEngine()) {
      stage.takePropertyAway();
      Stage.await("The guard does not put the property back", stage::profileCarriesProperty);
    }
    Stage.await("The guard sees the engine no more", stage::isReady);
    return "it lists "
        + Stage.ISOLATED
        + " as isolated, was asked where "
        + LAST_GUEST
        + " may run, and its guard "
        + (options.nativeEngine() ? "watches" : "put the property back on the vNIC profile");
  }

  static String verdict(List<Report.Pair> pairs, String good) {
    Stage.require(!pairs.isEmpty(), "No pair was observed.");
    List<String> wrong =
        pairs.stream()
            .filter(pair -> !pair.ok())
            .map(
                pair ->
                    pair.from()
                        + " -> "
                        + pair.to()
                        + (pair.observed() ? " answers" : " does not answer")
                        + ", "
                        + pair.frames()
                        + " frames seen")
            .toList();
    Stage.require(wrong.isEmpty(), "Not as it should be: " + wrong);
    return good;
  }

  private static boolean touchesGateway(String from, String to) {
    return from.equals(Reachability.GATEWAY) || to.equals(Reachability.GATEWAY);
  }

  private boolean step(String name, Callable<String> action) {
    long start = System.nanoTime();
    boolean ok = false;
    String outcome;
    try {
      outcome = action.call();
      ok = true;
    } catch (Exception e) {
      outcome = Stage.reasons(e);
    }
    long millis = (System.nanoTime() - start) / 1_000_000;
    report.add(new Report.Step(name.strip(), ok, millis, outcome));
    out.accept("%-4s %-58s %6d ms%n     %s%n".formatted(ok ? "ok" : "FAIL", name, millis, outcome));
    return ok;
  }

  /** Leaves everything up until Ctrl-C. */
  void waitForInterrupt() {
    if (stage.api() == null) {
      // Nothing came up that could be kept.
      return;
    }
    out.accept(
        ("%nEverything stays up. User %s, password %s.%n  our API:  %s/ovirt-isolated-ports/api%n"
                + "  engine:   %s/ovirt-engine/api%n"
                + "  portal:   %s/ovirt-engine/webadmin/  (Networks, "
                + Stage.ISOLATED
                + ", Isolation)%n"
                + "Ctrl-C ends it.%n")
            .formatted(
                Stage.ADMIN,
                Stage.ADMIN_PASSWORD,
                stage.engine().url(),
                stage.engine().url(),
                stage.engine().url()));
    try {
      interrupted.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void release() {
    stage.close();
    interrupted.countDown();
  }

  @Override
  public void close() {
    release();
    try {
      Runtime.getRuntime().removeShutdownHook(closer);
    } catch (IllegalStateException e) {
      // The JVM is ending already, and with it the hook runs.
    }
  }
}
