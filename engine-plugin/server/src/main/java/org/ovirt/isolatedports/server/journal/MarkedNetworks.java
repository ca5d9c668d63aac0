// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.journal;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.util.Optional;
import java.util.UUID;
import org.ovirt.isolatedports.body.ApiBody;
import org.ovirt.isolatedports.engine.EngineException;
import org.ovirt.isolatedports.engine.JsonEngine;

/**
 * Networks that are being created, by the mark in their comment. A name proves nothing: another
 * network may have had it all along.
 */
@ApplicationScoped
public class MarkedNetworks {

  private final JsonEngine engine;

  @Inject
  MarkedNetworks(JsonEngine engine) {
    this.engine = engine;
  }

  /**
   * A network as the owner of a token sees it.
   *
   * @param dataCenter its data center, where the engine names one
   */
  public record Found(UUID id, Optional<UUID> dataCenter, String name, String comment) {

    public boolean carries(Optional<String> mark) {
      return mark.filter(comment::equals).isPresent();
    }
  }

  /**
   * The network with a mark; empty if the data center has none.
   *
   * @throws EngineException if the engine gives no usable answer, also where it denies the data
   *     center
   */
  public Optional<Found> marked(String token, UUID dataCenter, String mark) {
    return engine.read(token, "/datacenters/" + dataCenter + "/networks").items("network").stream()
        .map(MarkedNetworks::found)
        .filter(network -> network.comment().equals(mark))
        .findFirst();
  }

  /** A network by its id; empty if the engine denies it, which need not mean that it is gone. */
  public Optional<Found> byId(String token, UUID id) {
    return engine.find(token, "/networks/" + id).map(MarkedNetworks::found);
  }

  /** Puts the comment in the mark's place that the network's creator wants. */
  public void unmark(String token, UUID id, String comment) {
    ApiBody unused =
        engine.update(
            token,
            "/networks/" + id,
            JsonNodeFactory.instance.objectNode().put("comment", comment).toString());
  }

  /**
   * Removes a network.
   *
   * @return whether the engine removed it; else it denied that there is one
   */
  public boolean remove(String token, UUID id) {
    return engine.remove(token, "/networks/" + id);
  }

  private static Optional<UUID> uuid(String id) {
    try {
      return Optional.of(UUID.fromString(id));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static Found found(ApiBody network) {
    return new Found(
        network
            .text("id")
            .flatMap(MarkedNetworks::uuid)
            .orElseThrow(
                () ->
                    new EngineException(
                        EngineException.Kind.GARBAGE,
                        "The oVirt engine's answer holds a network without an id.")),
        network.child("data_center").flatMap(dc -> dc.text("id")).flatMap(MarkedNetworks::uuid),
        network.text("name").orElse(""),
        network.text("comment").orElse(""));
  }
}
