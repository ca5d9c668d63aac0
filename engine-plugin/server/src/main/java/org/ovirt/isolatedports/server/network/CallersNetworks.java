// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.network;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.core.Response;
import java.util.Optional;
import java.util.UUID;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.ovirt.isolatedports.body.ApiBody;
import org.ovirt.isolatedports.server.http.Exchange;
import org.ovirt.isolatedports.server.http.Kind;
import org.ovirt.isolatedports.server.http.caller.EditRights;

/**
 * Networks with what of them lives only with us: whoever sees the network may see it, and whoever
 * may edit the network may change it.
 */
@ApplicationScoped
public class CallersNetworks {

  private final EditRights rights;

  @Inject
  CallersNetworks(EditRights rights) {
    this.rights = rights;
  }

  /**
   * A network as the engine shows it to the caller.
   *
   * @param name its name; its id if the engine does not say
   */
  public record Shown(UUID id, String name, ApiBody body) {

    /** Its data center, where the engine names one. */
    public Optional<UUID> dataCenter() {
      return body.child("data_center").flatMap(dc -> dc.text("id")).flatMap(Networks::uuid);
    }
  }

  /** Answers about a network the caller may see; about another, the engine does. */
  public static Response withReadable(
      Exchange exchange, String id, Function<Shown, Response> answer) {
    return exchange.withReadable(
        "/networks/" + id,
        Kind.NETWORK,
        body -> answer.apply(new Shown(UUID.fromString(id), body.text("name").orElse(id), body)));
  }

  /**
   * Changes something of a network the caller may edit; of another, throws the engine's fault.
   *
   * @param change given the network and the REST id of the caller's user
   */
  public Response withEditable(
      Exchange exchange, String id, BiFunction<Shown, UUID, Response> change) {
    return withReadable(
        exchange,
        id,
        network ->
            change.apply(
                network, rights.checkedUser(exchange.token(), network.id(), network.dataCenter())));
  }
}
