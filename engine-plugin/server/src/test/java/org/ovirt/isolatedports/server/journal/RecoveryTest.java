// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.journal;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.Mockito.doAnswer;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.never;
import static org.mockito.Mockito.verify;
import static org.mockito.Mockito.verifyNoInteractions;
import static org.mockito.Mockito.when;

import jakarta.transaction.RollbackException;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.mockito.stubbing.Answer;
import org.ovirt.isolatedports.engine.ServiceAccount;
import org.ovirt.isolatedports.engine.VnicProfiles;
import org.ovirt.isolatedports.server.database.Schema;
import org.ovirt.isolatedports.server.isolation.IsolatedNetworks;

/**
 * A pass over the journal where a transaction does not commit, which no PostgreSQL can be made to
 * do for one entry and not for the next; so journal and store are mocks here. What a pass does with
 * a database and an engine is in {@code RecoveryIT}.
 */
class RecoveryTest {

  /** What the container throws, though it is checked and no method says so ({@code StoresIT}). */
  private final RollbackException noCommit =
      new RollbackException("The transaction did not commit");

  private final Answer<Object> endsInNoCommit =
      call -> {
        throw noCommit;
      };

  private final Journal journal = mock();
  private final InFlight inFlight = new InFlight();
  private final MarkedNetworks marks = mock();
  private final ServiceAccount account = mock();
  private final Schema schema = mock();
  private final Recovery recovery =
      new Recovery(
          journal,
          inFlight,
          mock(IsolatedNetworks.class),
          marks,
          mock(VnicProfiles.class),
          account,
          schema);

  private final EngineChange first = EngineChange.follow(UUID.randomUUID());
  private final EngineChange second = EngineChange.follow(UUID.randomUUID());

  @BeforeEach
  void twoChangesWereCutShort() {
    when(schema.isReady()).thenReturn(true);
    when(journal.open()).thenReturn(List.of(first, second));
    when(account.call(any()))
        .thenAnswer(call -> call.<Function<String, Object>>getArgument(0).apply("token"));
    when(marks.byId(any(), any())).thenReturn(Optional.empty());
  }

  @Test
  void oneThatDoesNotCommitKeepsTheNextFromNothing() {
    doAnswer(endsInNoCommit).when(journal).done(first.changeId());
    recovery.recover();
    verify(journal).done(second.changeId());
  }

  /** The executor would not come again. */
  @Test
  void aJournalThatCannotBeReadEndsNoPassWithAnException() {
    when(journal.open()).thenAnswer(endsInNoCommit);
    assertThatCode(recovery::recover).doesNotThrowAnyException();
    verifyNoInteractions(account);
  }

  @Test
  void whatARequestIsWorkingOnIsLeftAlone() {
    inFlight.track(
        first.changeId(),
        () -> {
          recovery.recover();
          return first;
        });
    verify(journal, never()).done(first.changeId());
    verify(journal).done(second.changeId());
  }
}
