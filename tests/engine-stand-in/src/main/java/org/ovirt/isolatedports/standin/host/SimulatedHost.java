// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.host;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A host in memory: it starts nothing, keeps every document it is handed, and fails when told to.
 * For tests of what the engine sends, and for load.
 */
public final class SimulatedHost implements HostAgent {
  private static final Pattern ALIAS = Pattern.compile("<alias name=\"(ua-[^\"]+)\"");
  private static final Pattern MAC = Pattern.compile("<mac address=\"([^\"]+)\"");

  /** One document the engine sent. */
  public record Received(String call, UUID vmId, String xml) {}

  private final List<Received> received = new ArrayList<>();
  private final Map<UUID, String> running = new LinkedHashMap<>();
  private HostCapabilities capabilities;
  private Optional<String> failure = Optional.empty();
  private boolean forgetful;
  private boolean held;

  /** A host that reports what is given. */
  public SimulatedHost(HostCapabilities capabilities) {
    this.capabilities = capabilities;
  }

  /** An EL 9 host. */
  public SimulatedHost() {
    this(HostCapabilities.el9());
  }

  /** Changes what the host reports; the engine sees it at the next refresh. */
  public synchronized SimulatedHost report(HostCapabilities now) {
    capabilities = now;
    return this;
  }

  /** Refuses every call from now on with this sentence. */
  public synchronized void failWith(String sentence) {
    failure = Optional.of(sentence);
  }

  /** Works again. */
  public synchronized void recover() {
    failure = Optional.empty();
    forgetful = false;
  }

  /** Plugs NICs but answers without them, as a host whose answer to a hot-plug is incomplete. */
  public synchronized void forgetPluggedNics() {
    forgetful = true;
  }

  /** Lets no start come to its end until {@link #releaseStarts}. */
  public synchronized void holdStarts() {
    held = true;
  }

  /** Ends the starts that are held, and holds none from now on. */
  public synchronized void releaseStarts() {
    held = false;
    notifyAll();
  }

  /** All documents so far, oldest first. */
  public synchronized List<Received> received() {
    return List.copyOf(received);
  }

  /** The last document of a call ({@code create}, {@code hotplugNic}, ...), if there was one. */
  public synchronized Optional<String> last(String call) {
    return received.stream()
        .filter(each -> each.call().equals(call))
        .reduce((first, second) -> second)
        .map(Received::xml);
  }

  /** The VMs that run here. */
  public synchronized List<UUID> running() {
    return List.copyOf(running.keySet());
  }

  @Override
  public synchronized HostCapabilities capabilities() {
    return capabilities;
  }

  @Override
  public synchronized void create(UUID vmId, String domainXml) throws HostFailure {
    take("create", vmId, domainXml);
    try {
      while (held) {
        wait();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new HostFailure("The start was interrupted", e);
    }
    running.put(vmId, domainXml);
  }

  @Override
  public synchronized List<PluggedDevice> hotplugNic(UUID vmId, String hotplugXml)
      throws HostFailure {
    take("hotplugNic", vmId, hotplugXml);
    if (forgetful) {
      return List.of();
    }
    return List.of(new PluggedDevice(find(MAC, hotplugXml), find(ALIAS, hotplugXml)));
  }

  @Override
  public synchronized void hotunplugNic(UUID vmId, String hotunplugXml) throws HostFailure {
    take("hotunplugNic", vmId, hotunplugXml);
  }

  @Override
  public synchronized void updateNic(UUID vmId, String hotplugXml) throws HostFailure {
    take("updateNic", vmId, hotplugXml);
  }

  @Override
  public void migrate(UUID vmId, HostAgent destination) throws HostFailure {
    String domain;
    synchronized (this) {
      take("migrate", vmId, "");
      domain = running.get(vmId);
    }
    if (domain == null) {
      throw new HostFailure("Virtual machine does not exist");
    }
    // Outside our own lock: the other host may be migrating to us at the same time.
    destination.create(vmId, domain);
    synchronized (this) {
      running.remove(vmId);
    }
  }

  @Override
  public synchronized void destroy(UUID vmId) throws HostFailure {
    take("destroy", vmId, "");
    if (running.remove(vmId) == null) {
      throw new HostFailure("Virtual machine does not exist");
    }
  }

  private void take(String call, UUID vmId, String xml) throws HostFailure {
    received.add(new Received(call, vmId, xml));
    if (failure.isPresent()) {
      throw new HostFailure(failure.get());
    }
  }

  private static String find(Pattern pattern, String xml) throws HostFailure {
    Matcher matcher = pattern.matcher(xml);
    if (!matcher.find()) {
      throw new HostFailure("The device document lacks what " + pattern.pattern() + " looks for.");
    }
    return matcher.group(1);
  }
}
