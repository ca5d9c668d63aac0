// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.profile;

import static org.ovirt.isolatedports.server.http.fault.FaultException.throwIfInvalid;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.Response.Status.Family;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.ovirt.isolatedports.body.ApiBody;
import org.ovirt.isolatedports.engine.EngineAnswer;
import org.ovirt.isolatedports.engine.EngineLookup;
import org.ovirt.isolatedports.engine.EntityParser;
import org.ovirt.isolatedports.engine.Permissions;
import org.ovirt.isolatedports.engine.VnicProfiles;
import org.ovirt.isolatedports.inventory.LogicalNetwork;
import org.ovirt.isolatedports.inventory.Network;
import org.ovirt.isolatedports.inventory.VnicProfile;
import org.ovirt.isolatedports.rules.PortIsolationValidator;
import org.ovirt.isolatedports.rules.UnknownIsUnsafe;
import org.ovirt.isolatedports.server.http.Answers;
import org.ovirt.isolatedports.server.http.AskedFields;
import org.ovirt.isolatedports.server.http.Changes;
import org.ovirt.isolatedports.server.http.EntityRef;
import org.ovirt.isolatedports.server.http.Exchange;
import org.ovirt.isolatedports.server.http.Kind;
import org.ovirt.isolatedports.server.http.Sight;
import org.ovirt.isolatedports.server.isolation.Enforcement;
import org.ovirt.isolatedports.server.isolation.Isolation;
import org.ovirt.isolatedports.server.isolation.PropertyRegistration;
import org.ovirt.isolatedports.server.network.Networks;
import org.ovirt.isolatedports.server.portrole.RoleProgress;

/**
 * vNIC profiles: those of isolated networks keep their vNICs on the bridge and carry the property.
 */
@ApplicationScoped
public class ProfilesOfNetworks {

  private static final String CANNOT_ADD = "Cannot add VM network interface profile";
  private static final String CANNOT_EDIT = "Cannot edit VM network interface profile";
  private static final int BAD_REQUEST = 400;

  private final EngineLookup lookup;
  private final Permissions permissions;
  private final Isolation isolation;
  private final Changes changes;
  private final Answers answers;
  private final RoleProgress roles;
  private final Sight sight;

  @Inject
  public ProfilesOfNetworks(
      EngineLookup lookup,
      Permissions permissions,
      Isolation isolation,
      Changes changes,
      Answers answers,
      RoleProgress roles,
      Sight sight) {
    this.lookup = lookup;
    this.permissions = permissions;
    this.isolation = isolation;
    this.changes = changes;
    this.answers = answers;
    this.roles = roles;
    this.sight = sight;
  }

  private static EntityRef ref(Exchange exchange, String id) {
    return EntityRef.of(Kind.VNIC_PROFILE, exchange.path(), id);
  }

  /** All profiles, or those of a network. */
  public Response list(Exchange exchange) {
    return answers.list(exchange, Kind.VNIC_PROFILE, exchange.send());
  }

  /** One profile. */
  public Response get(Exchange exchange, String id) {
    return answers.entity(exchange, ref(exchange, id), exchange.send());
  }

  /**
   * Adds a profile.
   *
   * @param networkPath the network of the path; empty where the body names it
   */
  public Response add(Exchange exchange, Optional<String> networkPath, byte[] body) {
    ApiBody profile = exchange.asked(body, Kind.VNIC_PROFILE);
    networkPath.ifPresent(id -> AskedFields.unlessOf(profile, "network", id));
    AskedFields.unlessSeparate(profile);
    Optional<Network> network =
        networkPath
            .or(() -> profile.child("network").flatMap(link -> link.text("id")))
            .flatMap(Networks::uuid)
            .flatMap(id -> lookup.network(exchange.token(), id.toString()));
    VnicProfile wanted = EntityParser.profile(profile, EntityParser.NEW_PROFILE);
    network.ifPresent(
        found -> {
          check(isolation.logical(found), wanted, CANNOT_ADD);
          checkEveryone(
              exchange, isolation.logical(found), wanted, "networks/" + found.id(), CANNOT_ADD);
          carry(profile, found, wanted.portRole(), true);
        });
    checkFailover(exchange, profile, wanted, CANNOT_ADD);
    EngineAnswer answer = exchange.send(profile.toBytes());
    throwIfNotRegistered(exchange, answer, network, CANNOT_ADD);
    String id =
        answer.isSuccess()
            ? Exchange.parse(answer, Kind.VNIC_PROFILE.element()).text("id").orElse("")
            : "";
    return answers.entity(exchange, ref(exchange, id), answer);
  }

  /** Changes a profile. */
  public Response update(Exchange exchange, String id, byte[] body) {
    ApiBody change = exchange.asked(body, Kind.VNIC_PROFILE);
    AskedFields.unlessOf(change, "", id);
    AskedFields.unlessSeparate(change);
    AtomicReference<Optional<VnicProfile>> changed = new AtomicReference<>(Optional.empty());
    Response answer = update(exchange, id, change, changed);
    return changed.get().isPresent() && answer.getStatusInfo().getFamily() == Family.SUCCESSFUL
        ? withPorts(exchange, answer, roles.ofProfile(id, changed.get().get().portRole(), sight))
        : answer;
  }

  /** The answer to a change of a role says what became of the vNICs. */
  private static Response withPorts(
      Exchange exchange, Response answer, List<Map<String, String>> ports) {
    if (ports.isEmpty()) {
      return answer;
    }
    ApiBody body =
        exchange.answerFormat().read((byte[]) answer.getEntity(), Kind.VNIC_PROFILE.element());
    ports.forEach(port -> body.append("role_changes", "role_change", port));
    return Response.fromResponse(answer).entity(body.toBytes()).build();
  }

  private Response update(
      Exchange exchange,
      String id,
      ApiBody change,
      AtomicReference<Optional<VnicProfile>> changed) {
    return changes.update(
        exchange,
        ref(exchange, id),
        current -> {
          VnicProfile before = EntityParser.profile(current, EntityParser.UNKNOWN_PROFILE);
          VnicProfile after = EntityParser.profile(change, before);
          Optional<Network> network = lookup.networkOfProfile(exchange.token(), id);
          network.ifPresent(
              found -> {
                check(isolation.logical(found), after, CANNOT_EDIT);
                checkEveryone(
                    exchange, isolation.logical(found), after, "vnicprofiles/" + id, CANNOT_EDIT);
                carry(change, found, after.portRole(), change.has(EntityParser.CUSTOM_PROPERTIES));
              });
          checkFailover(exchange, change, after, CANNOT_EDIT);
          EngineAnswer answer = exchange.send(change.toBytes());
          throwIfNotRegistered(exchange, answer, network, CANNOT_EDIT);
          VnicProfile now = EntityParser.profile(change, before);
          if (!now.portRole().equals(before.portRole())) {
            changed.set(Optional.of(now));
          }
          return answer;
        });
  }

  /** Removes a profile. */
  public Response remove(Exchange exchange, String id, byte[] body) {
    return changes.remove(exchange, ref(exchange, id), current -> exchange.send(body));
  }

  private static void check(LogicalNetwork network, VnicProfile profile, String action) {
    throwIfInvalid(
        PortIsolationValidator.notOnPassthroughProfiles(network, profile), BAD_REQUEST, action);
    throwIfInvalid(
        PortIsolationValidator.notWithPortMirroring(network, profile), BAD_REQUEST, action);
  }

  /** Permissions are read only where they matter, as that takes more requests. */
  private void checkEveryone(
      Exchange exchange,
      LogicalNetwork network,
      VnicProfile profile,
      String object,
      String action) {
    if (network.portIsolation() && UnknownIsUnsafe.mayReachOtherPorts(profile.portRole())) {
      boolean everyone = permissions.everyoneMayUse(exchange.token(), object);
      throwIfInvalid(
          PortIsolationValidator.openPortsNotForEveryone(network, profile, everyone),
          BAD_REQUEST,
          action);
    }
  }

  private void checkFailover(
      Exchange exchange, ApiBody profile, VnicProfile wanted, String action) {
    profile
        .child("failover")
        .flatMap(failover -> failover.text("id"))
        .flatMap(Networks::uuid)
        .flatMap(id -> lookup.networkOfProfile(exchange.token(), id.toString()))
        .ifPresent(
            failover ->
                throwIfInvalid(
                    PortIsolationValidator.notAsFailoverTarget(isolation.logical(failover), wanted),
                    BAD_REQUEST,
                    action));
  }

  /**
   * Makes the profile carry the property to the hosts where our hook enforces.
   *
   * <p>A body's list of properties replaces the profile's, so that one without ours would open its
   * ports.
   */
  private void carry(ApiBody profile, Network network, Optional<String> role, boolean replaces) {
    boolean byHook = isolation.of(network).filter(Enforcement.HOOK::equals).isPresent();
    boolean carried = replaces ? EntityParser.portRole(profile).isPresent() : role.isPresent();
    if (byHook && !carried) {
      profile.append(
          EntityParser.CUSTOM_PROPERTIES,
          EntityParser.CUSTOM_PROPERTY,
          Map.of("name", VnicProfiles.PROPERTY, "value", "true"));
    }
  }

  private void throwIfNotRegistered(
      Exchange exchange, EngineAnswer answer, Optional<Network> network, String action) {
    if (!answer.isSuccess()
        && network.isPresent()
        && VnicProfiles.isNotRegistered(new String(answer.body(), StandardCharsets.UTF_8))) {
      throw PropertyRegistration.missing(
          action,
          "Network " + network.get().name(),
          network.get().dataCenterId().flatMap(id -> lookup.levelOf(exchange.token(), id)));
    }
  }
}
