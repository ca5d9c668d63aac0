// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.hosts;

import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What each host fetched and reported last. In memory alone: each host reports once a minute, so it
 * is here again a minute after a restart.
 */
@ApplicationScoped
public class PortReports {

  /** A report, and when it came. */
  public record Received(PortReport report, Instant at) {}

  /** A revision that a host was given, and when. */
  public record Fetched(String revision, Instant at) {}

  private final Map<String, Received> reports = new ConcurrentHashMap<>();
  private final Map<String, Fetched> fetched = new ConcurrentHashMap<>();

  void received(PortReport report, Instant at) {
    reports.put(report.hostId(), new Received(report, at));
  }

  void fetched(String hostId, String revision, Instant at) {
    fetched.put(hostId, new Fetched(revision, at));
  }

  /** Forgets hosts that are not in the engine any more. */
  void keep(Collection<String> hostIds) {
    reports.keySet().retainAll(hostIds);
    fetched.keySet().retainAll(hostIds);
  }

  /** The last report of a host. */
  public Optional<Received> of(String hostId) {
    return Optional.ofNullable(reports.get(hostId));
  }

  /** What a host was given last. */
  public Optional<Fetched> fetchedBy(String hostId) {
    return Optional.ofNullable(fetched.get(hostId));
  }

  /** The last reports of all hosts. */
  public Collection<Received> all() {
    return reports.values();
  }
}
