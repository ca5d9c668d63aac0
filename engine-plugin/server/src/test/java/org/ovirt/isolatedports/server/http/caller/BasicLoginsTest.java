// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.http.caller;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.times;
import static org.mockito.Mockito.verify;
import static org.mockito.Mockito.when;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.ovirt.isolatedports.engine.SingleSignOn;

/** Which logins are kept; the engine's part is a mock, as it is to fail in the middle of one. */
class BasicLoginsTest {

  private final SingleSignOn sso = mock();
  private final BasicLogins logins = new BasicLogins(sso);

  private Optional<String> token(String password) {
    return logins.token("u@internal", password, Supplier::get);
  }

  @Test
  void aTokenIsKept() {
    when(sso.login("u@internal", "good"))
        .thenReturn(Optional.of("t1"))
        .thenReturn(Optional.of("t2"));
    assertThat(token("good")).contains("t1");
    assertThat(token("good")).contains("t1");
    verify(sso, times(1)).login("u@internal", "good");
  }

  @Test
  void aRefusalIsNot() {
    when(sso.login("u@internal", "bad")).thenReturn(Optional.empty()).thenReturn(Optional.of("t1"));
    assertThat(token("bad")).isEmpty();
    assertThat(token("bad")).contains("t1");
  }

  @Test
  void norIsALoginThatBreaks() {
    when(sso.login("u@internal", "good"))
        .thenThrow(new IllegalStateException("broken in the middle"))
        .thenReturn(Optional.of("t1"));
    assertThatThrownBy(() -> token("good")).hasMessage("broken in the middle");
    assertThat(token("good")).contains("t1");
  }

  @Test
  void onlyTheTokenThatWasRefusedIsReplaced() {
    when(sso.login("u@internal", "good"))
        .thenReturn(Optional.of("t1"))
        .thenReturn(Optional.of("t2"));
    assertThat(token("good")).contains("t1");
    assertThat(logins.renewed("another", "u@internal", "good", Supplier::get)).contains("t1");
    assertThat(logins.renewed("t1", "u@internal", "good", Supplier::get)).contains("t2");
  }

  @Test
  void ofThoseWhoComeAtOnceOneLogsIn() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch end = new CountDownLatch(1);
    when(sso.login("u@internal", "good"))
        .thenAnswer(
            call -> {
              begun.countDown();
              assertThat(end.await(90, TimeUnit.SECONDS)).isTrue();
              return Optional.of("t1");
            });
    CompletableFuture<Optional<String>> first = CompletableFuture.supplyAsync(() -> token("good"));
    assertThat(begun.await(90, TimeUnit.SECONDS)).isTrue();
    CompletableFuture<Optional<String>> second = CompletableFuture.supplyAsync(() -> token("good"));
    end.countDown();
    assertThat(first.get(90, TimeUnit.SECONDS)).contains("t1");
    assertThat(second.get(90, TimeUnit.SECONDS)).contains("t1");
    verify(sso, times(1)).login("u@internal", "good");
  }
}
