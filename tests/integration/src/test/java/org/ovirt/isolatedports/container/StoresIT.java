// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import jakarta.inject.Inject;
import jakarta.transaction.RollbackException;
import jakarta.transaction.UserTransaction;
import java.io.File;
import java.net.URISyntaxException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.assertj.core.api.Assertions;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.arquillian.junit5.ArquillianExtension;
import org.jboss.shrinkwrap.api.ShrinkWrap;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.ovirt.isolatedports.server.http.EntityVersions;
import org.ovirt.isolatedports.server.isolation.Enforcement;
import org.ovirt.isolatedports.server.isolation.IsolatedNetwork;
import org.ovirt.isolatedports.server.isolation.IsolatedNetworks;
import org.ovirt.isolatedports.server.journal.EngineChange;
import org.ovirt.isolatedports.server.journal.InFlight;
import org.ovirt.isolatedports.server.journal.Journal;
import org.ovirt.isolatedports.server.journal.NetworkCreation;
import org.ovirt.isolatedports.server.labels.LabelStore;
import org.ovirt.isolatedports.server.labels.Labels;
import org.ovirt.isolatedports.server.roles.RoleStore;
import org.ovirt.isolatedports.server.roles.Roles;
import org.ovirt.isolatedports.server.twin.MovingIn;
import org.ovirt.isolatedports.server.twin.MovingIns;
import org.ovirt.isolatedports.server.uplink.Uplink;
import org.ovirt.isolatedports.server.uplink.Uplinks;

/**
 * What lives by injection and transactions, tested inside the server: the stores with the
 * container's entity manager and transaction manager on PostgreSQL, and the recovery that the
 * container runs. Every other test asks from outside.
 */
@ExtendWith(ArquillianExtension.class)
class StoresIT {

  @Inject private UserTransaction transaction;
  @Inject private IsolatedNetworks networks;
  @Inject private Journal journal;
  @Inject private InFlight inFlight;
  @Inject private Uplinks uplinks;
  @Inject private LabelStore labels;
  @Inject private MovingIns movingIns;
  @Inject private EntityVersions versions;
  @Inject private RoleStore roles;

  private final UUID id = UUID.randomUUID();
  private final UUID dataCenter = UUID.randomUUID();

  /** The server as it is built, with this class in it. */
  @Deployment
  public static WebArchive server() throws URISyntaxException {
    File project = new File(System.getProperty("isolated-ports.project"));
    return ShrinkWrap.createFromZipFile(
            WebArchive.class,
            new File(project, "engine-plugin/server/target/ovirt-isolated-ports.war"))
        .addClass(StoresIT.class)
        .addAsLibrary(
            new File(Assertions.class.getProtectionDomain().getCodeSource().getLocation().toURI()));
  }

  private IsolatedNetwork network(String name) {
    return new IsolatedNetwork(id, dataCenter, name, Enforcement.HOOK, Instant.now());
  }

  private UUID beginAdd() {
    return journal.beginAdd(
        NetworkCreation.of(
            dataCenter, "red", Enforcement.HOOK, Optional.of("Mine."), Optional.empty()));
  }

  /** Does what a request does, so that the recovery leaves the change to it. */
  private void asARequest(UUID change, Callable<?> work) {
    Object unused =
        inFlight.track(
            change,
            () -> {
              try {
                return Optional.ofNullable(work.call());
              } catch (Exception e) {
                throw new IllegalStateException(e);
              }
            });
  }

  private Optional<EngineChange> entry(UUID change) {
    return journal.open().stream().filter(each -> each.changeId().equals(change)).findFirst();
  }

  @Test
  void anEntryOfTheJournalGoesWithTheTransactionItWasMadeIn() throws Exception {
    transaction.begin();
    UUID change = beginAdd();
    assertThat(entry(change)).isPresent();
    transaction.rollback();
    assertThat(entry(change)).isEmpty();
  }

  @Test
  void theRowOfANetworkAndItsNoteInTheJournalAreOneTransaction() throws Exception {
    UUID change = beginAdd();
    asARequest(
        change,
        () -> {
          transaction.begin();
          journal.created(change, network("red"));
          transaction.rollback();
          assertThat(networks.find(id)).isEmpty();
          assertThat(entry(change).orElseThrow().networkId()).isEmpty();

          journal.created(change, network("red"));
          assertThat(networks.find(id).orElseThrow().enforcement()).isEqualTo(Enforcement.HOOK);
          assertThat(networks.enforcements()).containsEntry(id, Enforcement.HOOK);
          assertThat(entry(change).orElseThrow().networkId()).contains(id);
          assertThat(entry(change).orElseThrow().enforcement()).contains(Enforcement.HOOK);
          journal.done(change);
          networks.remove(id);
          return change;
        });
    assertThat(entry(change)).isEmpty();
  }

  @Test
  void aRowThatTheDatabaseRefusesLeavesNoNote() {
    UUID change = beginAdd();
    asARequest(
        change,
        () -> {
          assertThatThrownBy(() -> journal.created(change, network(null)))
              .isInstanceOf(RuntimeException.class);
          assertThat(networks.find(id)).isEmpty();
          assertThat(entry(change).orElseThrow().networkId()).isEmpty();
          journal.done(change);
          return change;
        });
  }

  /** By the executor, the service account and the engine client that the container gives it. */
  @Test
  void theRecoveryTakesUpWhatNobodyIsWorkingOn() throws Exception {
    UUID change = journal.beginFollow(id);
    Instant limit = Instant.now().plusSeconds(90);
    while (entry(change).isPresent() && Instant.now().isBefore(limit)) {
      Thread.sleep(100);
    }
    assertThat(entry(change)).isEmpty();
  }

  @Test
  void anUplinkHasItsGatewaysAndGoesWithItsNetwork() {
    networks.add(network("red"));
    assertThat(uplinks.of(id)).isEqualTo(Uplink.OPEN);
    uplinks.set(id, new Uplink(true, List.of("52:54:00:00:00:02", "52:54:00:00:00:01")));
    uplinks.set(id, new Uplink(true, List.of("52:54:00:00:00:01", "52:54:00:00:00:03")));
    Uplink now = new Uplink(true, List.of("52:54:00:00:00:01", "52:54:00:00:00:03"));
    assertThat(uplinks.of(id)).isEqualTo(now);
    assertThat(uplinks.all()).containsEntry(id, now);
    networks.remove(id);
    assertThat(uplinks.of(id)).isEqualTo(Uplink.OPEN);
    assertThat(uplinks.all()).doesNotContainKey(id);
  }

  @Test
  void anUplinkOfANetworkThatIsNotIsolatedIsRefused() {
    assertThatThrownBy(() -> uplinks.set(id, new Uplink(true, List.of("52:54:00:00:00:01"))))
        .isInstanceOf(RuntimeException.class);
    assertThat(uplinks.all()).doesNotContainKey(id);
  }

  @Test
  void whatIsSaidOfAVnicIsReplacedAsAWhole() {
    LabelStore.Subject vm = new LabelStore.Subject(id, Optional.empty());
    UUID vnic = UUID.randomUUID();
    LabelStore.Subject port = new LabelStore.Subject(id, Optional.of(vnic));
    labels.set(vm, new Labels.Said(Optional.of("shop"), Map.of("app", "web"), List.of()));
    labels.set(
        port,
        new Labels.Said(
            Optional.empty(), Map.of("app", "db", "tier", "1"), List.of("192.0.2.2", "192.0.2.1")));
    Labels.Said now =
        new Labels.Said(Optional.empty(), Map.of("tier", "2"), List.of("192.0.2.1", "192.0.2.3"));
    labels.set(port, now);
    assertThat(labels.of(port)).isEqualTo(now);
    assertThat(labels.all().vnics()).containsEntry(vnic, now);
    assertThat(labels.all().of(id, vnic))
        .isEqualTo(
            new Labels.Said(
                Optional.of("shop"),
                Map.of("app", "web", "tier", "2"),
                List.of("192.0.2.1", "192.0.2.3")));
    labels.set(port, Labels.Said.NOTHING);
    labels.set(vm, Labels.Said.NOTHING);
    assertThat(labels.of(port)).isEqualTo(Labels.Said.NOTHING);
    assertThat(labels.all().vms()).doesNotContainKey(id);
  }

  @Test
  void aMoveIsForgottenWithItsProfilesAndVnics() {
    String profile = UUID.randomUUID().toString();
    String first = UUID.randomUUID().toString();
    String twin = UUID.randomUUID().toString();
    String nic = UUID.randomUUID().toString();
    String gone = UUID.randomUUID().toString();
    UUID user = UUID.randomUUID();
    movingIns.begin(new MovingIn(id, "red", "red-isolated", Instant.now()));
    movingIns.labels(id, List.of("one", "two"));
    movingIns.status(id, MovingIn.Status.PREPARED);
    movingIns.pair(id, profile, first);
    movingIns.pair(id, profile, twin);
    movingIns.choose(id, List.of(nic, gone), false, user);
    movingIns.refused(id, nic, false, "The VM is locked.", user);
    movingIns.arrived(id, gone, true, user);
    MovingIn stored = movingIns.find(id).orElseThrow();
    assertThat(stored.labels()).containsExactly("one", "two");
    assertThat(stored.status()).isEqualTo(MovingIn.Status.PREPARED);
    assertThat(movingIns.profiles(id)).isEqualTo(Map.of(profile, twin));
    assertThat(movingIns.chosen(id))
        .isEqualTo(
            Map.of(nic, new MovingIns.Chosen(false, "The VM is locked.", Optional.of(user))));
    movingIns.remove(id);
    assertThat(movingIns.find(id)).isEmpty();
    assertThat(movingIns.profiles(id)).isEmpty();
    assertThat(movingIns.chosen(id)).isEmpty();
  }

  @Test
  void theTwinOfACreationIsNotedWithIt() {
    UUID origin = UUID.randomUUID();
    movingIns.begin(new MovingIn(origin, "red", "red-isolated", Instant.now()));
    UUID change =
        journal.beginAdd(
            NetworkCreation.of(
                dataCenter,
                "red-isolated",
                Enforcement.NATIVE,
                Optional.empty(),
                Optional.of(origin)));
    asARequest(
        change,
        () -> {
          journal.created(change, network("red-isolated"));
          assertThat(movingIns.find(origin).orElseThrow().twinId()).contains(id);
          assertThat(journal.openTwin(origin).orElseThrow().changeId()).isEqualTo(change);
          journal.done(change);
          return change;
        });
    movingIns.remove(origin);
    networks.remove(id);
  }

  @Test
  void aVnicHasOneRole() {
    UUID vnic = UUID.randomUUID();
    UUID network = UUID.randomUUID();
    roles.set(vnic, id, new Roles.Given(network, "isolated"), "u1");
    roles.set(vnic, id, new Roles.Given(network, "community:web"), "u2");
    Roles.Given now = new Roles.Given(network, "community:web");
    assertThat(roles.of(vnic)).contains(now);
    assertThat(roles.all()).containsEntry(vnic, now);
    roles.remove(vnic);
    assertThat(roles.of(vnic)).isEmpty();
    assertThat(roles.all()).doesNotContainKey(vnic);
  }

  /** What mappers and watches must reckon with, as no method says so. */
  @Test
  void whatFailsAtTheCommitIsACheckedException() {
    UUID vnic = UUID.randomUUID();
    assertThatThrownBy(() -> roles.set(vnic, id, new Roles.Given(id, null), "u1"))
        .isInstanceOf(RollbackException.class);
    assertThat(roles.of(vnic)).isEmpty();
  }

  @Test
  void writesOfAnEntityAreCounted() {
    String entity = "network:" + id;
    assertThat(versions.read(entity)).isZero();
    versions.count(entity);
    versions.count(entity);
    assertThat(versions.read(entity)).isEqualTo(2);
    versions.forget(entity);
    assertThat(versions.read(entity)).isZero();
  }
}
