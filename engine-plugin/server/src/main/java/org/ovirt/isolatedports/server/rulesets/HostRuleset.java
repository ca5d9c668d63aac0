// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.rulesets;

import java.time.Instant;
import org.ovirt.isolatedports.policy.json.JsonWriter;

/** What one host enforces: docs/host-protocol.md has its form. */
public final class HostRuleset {

  /** Of a digest of 64 hexadecimal digits. */
  private static final int REVISION = 16;

  private static final int VERSION = 1;

  private final String hostId;
  private final SharedRuleset shared;
  private final String revision;
  private final Instant since;

  HostRuleset(String hostId, SharedRuleset shared, Instant since) {
    this.hostId = hostId;
    this.shared = shared;
    this.revision =
        SharedRuleset.digest(VERSION + "\n" + hostId + "\n" + shared.digest())
            .substring(0, REVISION);
    this.since = since;
  }

  /** The host it is for. */
  public String hostId() {
    return hostId;
  }

  /** A digest of all the rest: equal contents, equal revision. */
  public String revision() {
    return revision;
  }

  /** When it became what the host is to enforce, as far as this server knows. */
  public Instant since() {
    return since;
  }

  /** How many elements its sets and maps hold. */
  public int elements() {
    return shared.elements();
  }

  SharedRuleset shared() {
    return shared;
  }

  /**
   * A body in two pieces: what is this host's alone, and what it shares with others.
   *
   * @param head the beginning
   * @param tail the rest, which is the same object for hosts that share it
   */
  public record Body(String head, Tail tail) {

    /** All of it. */
    public String text() {
      return head + tail.text();
    }

    /** All of it as a gzip file. */
    public byte[] gzip() {
      return tail.gzip(head);
    }
  }

  /** The whole. */
  public Body body() {
    return new Body(head().toString(), shared.whole());
  }

  /** The difference from an earlier one of the same host; the whole where that is no longer. */
  public Body body(HostRuleset base) {
    if (!shared.hasTable() || !base.shared.hasTable()) {
      return body();
    }
    Tail difference = shared.from(base.shared);
    if (difference.text().length() >= shared.whole().text().length()) {
      return body();
    }
    StringBuilder head = head().append("\"base\":");
    JsonWriter.append(head, base.revision);
    return new Body(head.append(',').toString(), difference);
  }

  private StringBuilder head() {
    StringBuilder out = new StringBuilder("{\"version\":").append(VERSION).append(",\"host\":");
    JsonWriter.append(out, hostId);
    out.append(",\"revision\":");
    JsonWriter.append(out, revision);
    return out.append(',');
  }
}
