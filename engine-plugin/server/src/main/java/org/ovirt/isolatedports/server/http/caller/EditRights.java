// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.http.caller;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.ovirt.isolatedports.body.BodyFormat;
import org.ovirt.isolatedports.body.MalformedBodyException;
import org.ovirt.isolatedports.engine.EngineAnswer;
import org.ovirt.isolatedports.engine.EngineException;
import org.ovirt.isolatedports.engine.EngineHttpClient;
import org.ovirt.isolatedports.engine.EngineRequest;
import org.ovirt.isolatedports.engine.Permissions;
import org.ovirt.isolatedports.engine.UnauthorizedException;
import org.ovirt.isolatedports.server.http.fault.FaultException;

/**
 * Whether a caller may edit a network, for what lives only with us and the engine cannot refuse.
 *
 * <p>It is computed from the engine's permissions on the network, its data center and the system,
 * read with the caller's own token, for the user and the groups the single sign-on names. A trial
 * write would change something, or say yes to what the engine calls a change of nothing.
 */
@ApplicationScoped
public class EditRights {

  private static final int FORBIDDEN = 403;

  /** Where the permissions on everything are. */
  private static final String SYSTEM = "";

  private final TokenInfo tokens;
  private final EngineHttpClient engine;
  private final Permissions permissions;

  @Inject
  public EditRights(TokenInfo tokens, EngineHttpClient engine, Permissions permissions) {
    this.tokens = tokens;
    this.engine = engine;
    this.permissions = permissions;
  }

  /**
   * The REST id of the caller's user, if it may edit the network; else throws the engine's fault.
   *
   * @param dataCenterId the network's data center, where the engine names one
   */
  public UUID checkedUser(String token, UUID networkId, Optional<UUID> dataCenterId) {
    return checkedUser(token, Optional.of(networkId), dataCenterId);
  }

  /**
   * The same for what concerns several networks: without one of them, the caller must be allowed to
   * edit all of the data center.
   */
  public UUID checkedUser(String token, Optional<UUID> networkId, Optional<UUID> dataCenterId) {
    UUID user = user(token);
    List<String> objects = new ArrayList<>();
    networkId.ifPresent(network -> objects.add("networks/" + network));
    dataCenterId.ifPresent(dc -> objects.add("datacenters/" + dc));
    objects.add(SYSTEM);
    if (!holds(token, user, Permissions.EDIT_NETWORK, objects)) {
      throw forbidden();
    }
    return user;
  }

  /**
   * Throws the engine's fault for a caller who may not create networks in a data center. Where we
   * are not registered at the single sign-on this cannot be judged here, and the engine alone does.
   */
  public void requireCreate(String token, UUID dataCenterId) {
    if (tokens.isRegistered()
        && !holds(
            token,
            user(token),
            Permissions.CREATE_NETWORK,
            List.of("datacenters/" + dataCenterId, SYSTEM))) {
      throw forbidden();
    }
  }

  /** Whether a caller is known to have the right to edit every network there is. */
  public boolean mayEditAll(String token) {
    return tokens.isRegistered()
        && holds(token, user(token), Permissions.EDIT_NETWORK, List.of(SYSTEM));
  }

  private boolean holds(String token, UUID user, String permit, List<String> objects) {
    Set<UUID> holders = new HashSet<>(tokens.groups(token));
    holders.add(user);
    holders.add(Permissions.EVERYONE);
    return objects.stream().anyMatch(object -> permissions.holds(token, holders, permit, object));
  }

  /** The engine's words. */
  public static FaultException forbidden() {
    return FaultException.operationFailed(
        FORBIDDEN, "User is not authorized to perform this action.");
  }

  /** The REST id of a token's user, which only the root of the API tells to everybody. */
  private UUID user(String token) {
    EngineAnswer answer = engine.send(EngineRequest.get("", token, BodyFormat.XML.mediaType()));
    if (answer.status() == 401 || answer.status() == 403) {
      throw new UnauthorizedException(answer);
    }
    try {
      return BodyFormat.XML
          .read(answer.body(), "api")
          .child("authenticated_user")
          .flatMap(user -> user.text("id"))
          .map(UUID::fromString)
          .orElseThrow(() -> noUser(answer));
    } catch (MalformedBodyException | IllegalArgumentException e) {
      throw noUser(answer);
    }
  }

  private static EngineException noUser(EngineAnswer answer) {
    return new EngineException(
        EngineException.Kind.GARBAGE,
        answer.status(),
        "The oVirt engine does not say whose the token is (status " + answer.status() + ").");
  }
}
