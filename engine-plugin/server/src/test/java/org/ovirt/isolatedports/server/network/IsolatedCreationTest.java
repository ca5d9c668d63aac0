// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.Mockito.RETURNS_DEEP_STUBS;
import static org.mockito.Mockito.doAnswer;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.never;
import static org.mockito.Mockito.verify;
import static org.mockito.Mockito.verifyNoInteractions;
import static org.mockito.Mockito.when;

import jakarta.transaction.RollbackException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.mockito.stubbing.Answer;
import org.ovirt.api.metamodel.runtime.xml.XmlException;
import org.ovirt.engine.sdk4.Connection;
import org.ovirt.engine.sdk4.builders.Builders;
import org.ovirt.engine.sdk4.services.VnicProfileService;
import org.ovirt.engine.sdk4.services.VnicProfilesService;
import org.ovirt.engine.sdk4.types.VnicProfile;
import org.ovirt.isolatedports.engine.EngineException;
import org.ovirt.isolatedports.engine.EngineLookup;
import org.ovirt.isolatedports.engine.HardenedSdk;
import org.ovirt.isolatedports.engine.ServiceAccount;
import org.ovirt.isolatedports.engine.VnicProfiles;
import org.ovirt.isolatedports.server.isolation.Enforcement;
import org.ovirt.isolatedports.server.isolation.IsolatedNetwork;
import org.ovirt.isolatedports.server.isolation.IsolatedNetworks;
import org.ovirt.isolatedports.server.journal.InFlight;
import org.ovirt.isolatedports.server.journal.Journal;
import org.ovirt.isolatedports.server.journal.MarkedNetworks;
import org.ovirt.isolatedports.server.journal.NetworkCreation;

/**
 * What becomes of a creation where our transaction does not commit, or the SDK breaks in the middle
 * of an answer. No PostgreSQL can be made to refuse just this commit, and no engine to break the
 * SDK just there; so journal, store and SDK are mocks here.
 */
class IsolatedCreationTest {

  private static final String TOKEN = "token";
  private static final UUID NETWORK = UUID.randomUUID();
  private static final UUID CHANGE = UUID.randomUUID();

  /** What the container throws, though it is checked and no method says so ({@code StoresIT}). */
  private final RollbackException noCommit =
      new RollbackException("The transaction did not commit");

  private final Answer<Object> endsInNoCommit =
      call -> {
        throw noCommit;
      };
  private static final NetworkCreation RED =
      NetworkCreation.of(
          UUID.randomUUID(), "red", Enforcement.HOOK, Optional.of("Mine."), Optional.empty());

  private final HardenedSdk sdk = mock();
  private final Connection connection = mock(Connection.class, RETURNS_DEEP_STUBS);
  private final IsolatedNetworks store = mock();
  private final Journal journal = mock();
  private final MarkedNetworks marks = mock();
  private final InFlight inFlight = new InFlight();
  private final IsolatedCreation creation =
      new IsolatedCreation(
          new VnicProfiles(sdk),
          store,
          journal,
          inFlight,
          mock(EngineLookup.class),
          marks,
          mock(ServiceAccount.class));

  private final List<String> asked = new ArrayList<>();
  private boolean refused;

  private final IsolatedCreation.Making<String> making =
      new IsolatedCreation.Making<>() {
        @Override
        public String ask(String mark) {
          assertThat(inFlight.has(CHANGE)).as("the recovery leaves it alone").isTrue();
          asked.add(mark);
          if (refused) {
            throw new EngineException(EngineException.Kind.REFUSED, 409, "The name is in use.");
          }
          return "as made";
        }

        @Override
        public Optional<IsolatedNetwork> made(String answer) {
          return Optional.of(
              new IsolatedNetwork(
                  NETWORK, RED.dataCenter(), "red", Enforcement.HOOK, Instant.EPOCH));
        }

        @Override
        public String unmarked(String answer) {
          return "as wanted";
        }
      };

  @BeforeEach
  void anEngineWithOneProfile() {
    when(journal.beginAdd(RED)).thenReturn(CHANGE);
    when(sdk.connection(TOKEN)).thenReturn(connection);
    profiles(profile("p1"));
  }

  private void profiles(VnicProfile... profiles) {
    when(connection
            .systemService()
            .networksService()
            .networkService(NETWORK.toString())
            .vnicProfilesService()
            .list()
            .send()
            .profiles())
        .thenReturn(List.of(profiles));
  }

  private static VnicProfile profile(String id) {
    return Builders.vnicProfile().id(id).name(id).build();
  }

  @Test
  void theEngineIsNotAskedForWhatTheJournalDoesNotHold() {
    when(journal.beginAdd(RED)).thenAnswer(endsInNoCommit);
    assertThatThrownBy(() -> creation.create(TOKEN, RED, making)).isSameAs(noCommit);
    assertThat(asked).isEmpty();
  }

  /** The entry of before is there still, and its mark leads the recovery to the network. */
  @Test
  void aNetworkThatIsNotTakenInIsLeftToTheRecoveryAsItIs() {
    doAnswer(endsInNoCommit).when(journal).created(any(), any());
    assertThatThrownBy(() -> creation.create(TOKEN, RED, making)).isSameAs(noCommit);
    assertThat(asked).containsExactly(RED.mark());
    verifyNoInteractions(marks, store);
    verify(sdk, never()).connection(any());
    verify(journal, never()).done(any());
    assertThat(inFlight.has(CHANGE)).isFalse();
  }

  @Test
  void aNetworkThatIsWholeIsCreatedAlsoIfTheEntryStays() {
    doAnswer(endsInNoCommit).when(journal).done(CHANGE);
    assertThat(creation.create(TOKEN, RED, making)).isEqualTo("as wanted");
    verify(marks).unmark(TOKEN, NETWORK, "Mine.");
    verify(marks, never()).remove(any(), any());
    assertThat(inFlight.has(CHANGE)).isFalse();
  }

  @Test
  void theEnginesRefusalReachesTheCallerAlsoIfTheEntryStays() {
    refused = true;
    doAnswer(endsInNoCommit).when(journal).done(CHANGE);
    assertThatThrownBy(() -> creation.create(TOKEN, RED, making))
        .isInstanceOf(EngineException.class)
        .hasMessage("The name is in use.");
    verify(journal, never()).created(any(), any());
  }

  static List<RuntimeException> faultsOfTheSdk() {
    return List.of(
        new org.ovirt.engine.sdk4.Error("Failed to read response", new XmlException("cut off")),
        new XmlException("cut off"),
        new IllegalStateException("The SDK's reader stands at no element"),
        new NullPointerException("An element that the SDK takes for granted"));
  }

  /** One profile has the property and the next one does not: it is done again, never undone. */
  @ParameterizedTest
  @MethodSource("faultsOfTheSdk")
  void anSdkThatBreaksBetweenTwoProfilesLeavesTheRestToTheRecovery(RuntimeException fault) {
    profiles(profile("p1"), profile("p2"));
    VnicProfilesService all = connection.systemService().vnicProfilesService();
    VnicProfileService first = mock(VnicProfileService.class, RETURNS_DEEP_STUBS);
    VnicProfileService second = mock(VnicProfileService.class, RETURNS_DEEP_STUBS);
    when(all.profileService("p1")).thenReturn(first);
    when(all.profileService("p2")).thenReturn(second);
    when(second.update()).thenThrow(fault);
    assertThatThrownBy(() -> creation.create(TOKEN, RED, making))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("Network red was created")
        .hasMessageContaining("do not add the Network again");
    verify(first).update();
    verify(journal).created(any(), any());
    verify(journal, never()).done(any());
    verifyNoInteractions(marks, store);
  }
}
