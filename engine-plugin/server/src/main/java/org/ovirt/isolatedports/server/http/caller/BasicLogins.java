// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.http.caller;

import com.github.benmanes.caffeine.cache.Cache;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Supplier;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.ovirt.isolatedports.engine.SingleSignOn;
import org.ovirt.isolatedports.engine.TimedCaches;

/**
 * Tokens for users who send their password with every request.
 *
 * <p>The engine takes 35 to 40 ms for a login and writes two events for each, so a token is kept
 * for a minute. It is found by a keyed hash of user and password: neither is kept.
 */
@ApplicationScoped
public class BasicLogins {

  private static final Duration LIFE = Duration.ofMinutes(1);
  private static final int MOST = 1_000;
  private static final String HMAC = "HmacSHA256";

  private final SingleSignOn sso;
  private final SecretKeySpec key;
  private final Cache<String, String> logins = TimedCaches.of(LIFE, MOST).build();
  private final Map<String, FutureTask<Optional<String>>> running = new ConcurrentHashMap<>();

  @Inject
  public BasicLogins(SingleSignOn sso) {
    this.sso = sso;
    byte[] random = new byte[32];
    new SecureRandom().nextBytes(random);
    this.key = new SecretKeySpec(random, HMAC);
  }

  /**
   * A token for a user, new or kept; empty if the engine refuses the user or the password. Of those
   * who come with the same password at the same time one logs in for all.
   *
   * @param attempt called before the engine is asked; what it throws is thrown
   */
  public Optional<String> token(String user, String password, Attempt attempt) {
    String hash = hash(user, password);
    Optional<String> kept = kept(hash);
    if (kept.isPresent()) {
      return kept;
    }
    FutureTask<Optional<String>> mine =
        new FutureTask<>(() -> kept(hash).or(() -> login(hash, user, password, attempt)));
    FutureTask<Optional<String>> others = running.putIfAbsent(hash, mine);
    if (others != null) {
      return result(others);
    }
    try {
      mine.run();
      return result(mine);
    } finally {
      running.remove(hash, mine);
    }
  }

  /** How a login is made, and what is done around it. */
  @FunctionalInterface
  public interface Attempt {

    Optional<String> made(Supplier<Optional<String>> login);
  }

  private static Optional<String> result(FutureTask<Optional<String>> login) {
    try {
      return login.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      throw new IllegalStateException("A login throws nothing else", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while another request logged in", e);
    }
  }

  /** A token other than the one that the engine just refused. */
  public Optional<String> renewed(String refused, String user, String password, Attempt attempt) {
    String hash = hash(user, password);
    logins.asMap().remove(hash, refused);
    return token(user, password, attempt);
  }

  private Optional<String> kept(String hash) {
    return Optional.ofNullable(logins.getIfPresent(hash));
  }

  /** What is refused, or fails, is not kept. */
  private Optional<String> login(String hash, String user, String password, Attempt attempt) {
    Optional<String> token = attempt.made(() -> sso.login(user, password));
    token.ifPresent(fresh -> logins.put(hash, fresh));
    return token;
  }

  private String hash(String user, String password) {
    try {
      Mac mac = Mac.getInstance(HMAC);
      mac.init(key);
      mac.update(user.getBytes(StandardCharsets.UTF_8));
      mac.update((byte) 0);
      return HexFormat.of().formatHex(mac.doFinal(password.getBytes(StandardCharsets.UTF_8)));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("Every JDK has " + HMAC, e);
    }
  }

  @PreDestroy
  void forget() {
    logins.invalidateAll();
  }
}
