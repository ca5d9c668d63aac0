// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.http;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;

/** Ways to break the engine, each for the requests whose path starts with a prefix. */
public final class Faults {
  /** One way to go wrong. */
  sealed interface Fault {
    /** Answers late, but rightly; at once when the fault is cleared. */
    record Delay(Duration by) implements Fault {}

    /** Closes the connection without an answer. */
    record Reset() implements Fault {}

    /** Answers with a page, as a proxy before a dead engine does. */
    record Html(int status) implements Fault {}

    /** Answers with the page of an engine that does not serve such a path. */
    record NoSuchPath() implements Fault {}

    /** Answers 200 with the right type and bytes that are neither XML nor JSON. */
    record Garbage() implements Fault {}

    /** Answers with this status and an empty body. */
    record Status(int status) implements Fault {}
  }

  private static final long NANOS_PER_MILLI = 1_000_000;

  private record Rule(String prefix, Fault fault) {}

  private final CopyOnWriteArrayList<Rule> rules = new CopyOnWriteArrayList<>();

  /**
   * Delays every answer below the prefix. {@link #clear} ends the wait of those that are waiting:
   * an engine that has recovered works off what it was asked while it hung.
   */
  public Faults delay(String prefix, Duration by) {
    return set(prefix, new Fault.Delay(by));
  }

  /** Drops every connection that asks for something below the prefix. */
  public Faults reset(String prefix) {
    return set(prefix, new Fault.Reset());
  }

  /** Answers a page with this status below the prefix. */
  public Faults answerHtml(String prefix, int status) {
    return set(prefix, new Fault.Html(status));
  }

  /** Answers as an engine that does not serve the path, such as an older one. */
  public Faults answerNoSuchPath(String prefix) {
    return set(prefix, new Fault.NoSuchPath());
  }

  /** Answers noise below the prefix. */
  public Faults answerGarbage(String prefix) {
    return set(prefix, new Fault.Garbage());
  }

  /** Answers this status, and nothing else, below the prefix. */
  public Faults answerStatus(String prefix, int status) {
    return set(prefix, new Fault.Status(status));
  }

  /** Works again. */
  public synchronized void clear() {
    rules.clear();
    notifyAll();
  }

  /** Waits for as long as a delay says, or until it is cleared. */
  synchronized void await(Fault.Delay delay) throws InterruptedException {
    long end = System.nanoTime() + delay.by().toNanos();
    while (rules.stream().anyMatch(rule -> rule.fault().equals(delay))) {
      long left = end - System.nanoTime();
      if (left <= 0) {
        return;
      }
      wait(left / NANOS_PER_MILLI + 1);
    }
  }

  private synchronized Faults set(String prefix, Fault fault) {
    rules.removeIf(rule -> rule.prefix().equals(prefix));
    rules.add(new Rule(prefix, fault));
    notifyAll();
    return this;
  }

  /** The fault for a path: that of the longest prefix. */
  Optional<Fault> forPath(String path) {
    return rules.stream()
        .filter(rule -> path.startsWith(rule.prefix()))
        .max(java.util.Comparator.comparingInt(rule -> rule.prefix().length()))
        .map(Rule::fault);
  }
}
