// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.http;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** Counts what clients ask, so that a test can find out that somebody asks too often. */
public final class Calls {
  /** A load test must not fill the memory: only the last calls are kept one by one. */
  private static final int KEPT = 10_000;

  /**
   * One request.
   *
   * @param path with the query string
   * @param credentials {@code Basic}, {@code Bearer} or {@code none}
   */
  public record Call(String method, String path, String credentials) {}

  private final Deque<Call> last = new ArrayDeque<>();
  private long total;

  synchronized void add(Call call) {
    total++;
    last.addLast(call);
    if (last.size() > KEPT) {
      last.removeFirst();
    }
  }

  /** How many requests there were since the last reset. */
  public synchronized long total() {
    return total;
  }

  /** The requests since the last reset, oldest first; the last ten thousand of them. */
  public synchronized List<Call> list() {
    return List.copyOf(last);
  }

  /** How many of {@link #list} have this method and a path that starts so. */
  public long count(String method, String pathPrefix) {
    return list().stream()
        .filter(call -> call.method().equals(method) && call.path().startsWith(pathPrefix))
        .count();
  }

  /** Counts from nothing again. */
  public synchronized void reset() {
    last.clear();
    total = 0;
  }
}
