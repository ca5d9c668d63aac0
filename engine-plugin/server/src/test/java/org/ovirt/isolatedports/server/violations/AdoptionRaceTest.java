// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.violations;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.ovirt.isolatedports.server.isolation.Enforcement;
import org.ovirt.isolatedports.server.isolation.IsolatedNetwork;
import org.ovirt.isolatedports.server.journal.NetworkCreation;

/** The guard adopts a network in the very moment in which the request that made it takes it in. */
class AdoptionRaceTest {

  @Test
  void whoeverIsSecondFindsItDone() throws Exception {
    UUID network = UUID.randomUUID();
    UUID dataCenter = UUID.randomUUID();
    ExecutorService request = Executors.newSingleThreadExecutor();
    try (TestDatabase database = new TestDatabase()) {
      UUID change =
          database.inTransaction(
              entities -> TestStores.journal(entities).beginAdd(creation(dataCenter)));
      Future<Boolean> takenIn =
          database.inTransaction(
              guard -> {
                TestStores.isolatedNetworks(guard).add(row(network, dataCenter));
                Future<Boolean> second =
                    request.submit(
                        () ->
                            database.inTransaction(
                                entities -> {
                                  TestStores.journal(entities)
                                      .created(change, row(network, dataCenter));
                                  return true;
                                }));
                untilItWaits(database);
                return second;
              });
      assertThat(takenIn.get()).isTrue();
      List<IsolatedNetwork> rows =
          database.inTransaction(entities -> TestStores.isolatedNetworks(entities).all());
      assertThat(rows).singleElement().returns(network, IsolatedNetwork::networkId);
    } finally {
      request.shutdownNow();
    }
  }

  private static NetworkCreation creation(UUID dataCenter) {
    return NetworkCreation.of(
        dataCenter, "blue", Enforcement.NATIVE, Optional.empty(), Optional.empty());
  }

  private static IsolatedNetwork row(UUID network, UUID dataCenter) {
    return new IsolatedNetwork(network, dataCenter, "blue", Enforcement.NATIVE, Instant.now());
  }

  /** The second one's insert waits for the end of the first one's transaction. */
  private static void untilItWaits(TestDatabase database) {
    Instant limit = Instant.now().plusSeconds(20);
    while (!database.inTransaction(
        entities ->
            (Boolean)
                entities
                    .createNativeQuery(
                        "SELECT count(*) > 0 FROM pg_locks WHERE NOT granted", Boolean.class)
                    .getSingleResult())) {
      assertThat(Instant.now()).as("nobody waits").isBefore(limit);
    }
  }
}
