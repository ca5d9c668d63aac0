// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.engine;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A line of ours for the engine's event log, as {@code POST /events} takes it.
 *
 * <p>The engine takes each custom id of an origin once (engine class {@code
 * AddExternalEventCommand}), so those who write have numbers of their own: the guard counts in the
 * database, below {@link #FIRST_BY_CHANCE}, and lines without a memory have one by chance from
 * there on.
 *
 * @param customId from 1 to 2^31 - 1
 * @param severity as the engine has it: {@code normal}, {@code warning} or {@code error}
 * @param description the sentence
 * @param linkKind what it is about, such as {@code vm}; empty for nothing
 * @param linkId the id of that
 */
public record ExternalEvent(
    int customId,
    String severity,
    String description,
    Optional<String> linkKind,
    Optional<String> linkId) {

  /** Where the engine's administrators see our events come from. */
  public static final String ORIGIN = "ovirt-isolated-ports";

  /** The least number that is given by chance; a count from the database does not come so far. */
  public static final int FIRST_BY_CHANCE = 1 << 30;

  /** A line about nothing in particular. */
  public ExternalEvent(int customId, String severity, String description) {
    this(customId, severity, description, Optional.empty(), Optional.empty());
  }

  /** The same line about an entity, such as {@code vm}. */
  public ExternalEvent about(String kind, String id) {
    return new ExternalEvent(customId, severity, description, Optional.of(kind), Optional.of(id));
  }

  /** A number for a line that nobody counts. */
  public static int idByChance() {
    return ThreadLocalRandom.current().nextInt(FIRST_BY_CHANCE, Integer.MAX_VALUE);
  }

  /** The body of the request. */
  public String json() {
    ObjectNode event = JsonNodeFactory.instance.objectNode();
    event.put("origin", ORIGIN);
    event.put("custom_id", customId);
    event.put("severity", severity);
    event.put("description", description);
    linkKind.ifPresent(kind -> event.putObject(kind).put("id", linkId.orElse("")));
    return event.toString();
  }
}
