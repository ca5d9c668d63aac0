// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.emergency;

import static org.ovirt.isolatedports.server.http.fault.FaultException.throwIfInvalid;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.core.Response;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.ovirt.isolatedports.body.ApiBody;
import org.ovirt.isolatedports.body.BodyFormat;
import org.ovirt.isolatedports.body.TreeWriter;
import org.ovirt.isolatedports.emergency.EmergencyRules;
import org.ovirt.isolatedports.emergency.OpenPeriod;
import org.ovirt.isolatedports.engine.EngineException;
import org.ovirt.isolatedports.engine.JsonEngine;
import org.ovirt.isolatedports.engine.OpenProfiles;
import org.ovirt.isolatedports.engine.ServiceAccount;
import org.ovirt.isolatedports.server.http.EntityRef;
import org.ovirt.isolatedports.server.http.Exchange;
import org.ovirt.isolatedports.server.http.Kind;
import org.ovirt.isolatedports.server.http.OwnEntities;
import org.ovirt.isolatedports.server.http.Refusals;
import org.ovirt.isolatedports.server.http.Sight;
import org.ovirt.isolatedports.server.http.fault.FaultException;
import org.ovirt.isolatedports.server.isolation.Enforcement;
import org.ovirt.isolatedports.server.isolation.Isolation;
import org.ovirt.isolatedports.server.journal.InFlight;
import org.ovirt.isolatedports.server.network.CallersNetworks;
import org.ovirt.isolatedports.validation.ValidationMessage;
import org.ovirt.isolatedports.validation.ValidationResult;

/**
 * Opens isolated networks for a while, as the caller; closing them is the {@link
 * EmergencyCloser}'s.
 */
@ApplicationScoped
public class NetworkEmergencies {

  private static final String CANNOT_OPEN = "Cannot open Network";
  private static final Set<String> FIELDS = Set.of("reason", "confirm", "minutes");
  private static final int OK = 200;
  private static final int CREATED = 201;
  private static final int BAD_REQUEST = 400;
  private static final int CONFLICT = 409;
  private static final int UNAVAILABLE = 503;

  private final Emergencies emergencies;
  private final EmergencyCloser closer;
  private final Isolation isolation;
  private final OpenProfiles profiles;
  private final CallersNetworks networks;
  private final JsonEngine engine;
  private final ServiceAccount account;
  private final InFlight inFlight;
  private final OwnEntities entities;
  private final Sight sight;
  private final Duration most;

  @Inject
  NetworkEmergencies(
      Emergencies emergencies,
      EmergencyCloser closer,
      Isolation isolation,
      OpenProfiles profiles,
      CallersNetworks networks,
      JsonEngine engine,
      ServiceAccount account,
      InFlight inFlight,
      OwnEntities entities,
      Sight sight,
      @ConfigProperty(name = "isolated-ports.emergency.max-minutes", defaultValue = "240")
          long mostMinutes) {
    this.emergencies = emergencies;
    this.closer = closer;
    this.isolation = isolation;
    this.profiles = profiles;
    this.networks = networks;
    this.engine = engine;
    this.account = account;
    this.inFlight = inFlight;
    this.entities = entities;
    this.sight = sight;
    this.most = Duration.ofMinutes(mostMinutes);
  }

  /**
   * A network as the caller sees it.
   *
   * @param by who isolates it; empty if nobody does
   * @param bridge its name on hosts
   */
  private record Subject(UUID id, String name, Optional<Enforcement> by, String bridge) {}

  /** Whether a network is open, for whoever may see the network. */
  public Response get(Exchange exchange, String id) {
    return CallersNetworks.withReadable(
        exchange, id, network -> answer(exchange, subject(network), OK));
  }

  private Subject subject(CallersNetworks.Shown network) {
    ApiBody body = network.body();
    return new Subject(
        network.id(),
        network.name(),
        isolation.of(network.id(), body.flag(Isolation.PORT_ISOLATION).orElse(false)),
        body.text("vdsm_name").orElse(network.name()));
  }

  /** Opens a network, for whoever may edit it. */
  public Response open(Exchange exchange, String id, byte[] body) {
    ApiBody asked = exchange.asked(body, Kind.EMERGENCY);
    return networks.withEditable(
        exchange,
        id,
        (shown, user) -> {
          Subject network = subject(shown);
          check(network, asked);
          return entities.change(
              exchange,
              ref(network.id()),
              title(network),
              () -> {
                notClosed(network).ifPresent(last -> refuseSecond(network, last));
                open(exchange, network, asked, user);
                return answer(exchange, network, CREATED);
              });
        });
  }

  private Optional<Emergency> notClosed(Subject network) {
    return emergencies
        .latest(network.id())
        .filter(last -> last.status() != Emergency.Status.CLOSED);
  }

  private void check(Subject network, ApiBody asked) {
    String name = network.name();
    refuse(CONFLICT, EmergencyRules.onlyWhatIsIsolated(name, network.by().isPresent()));
    refuse(
        CONFLICT,
        EmergencyRules.onlyWhatTheHookIsolates(
            name, network.by().filter(Enforcement.NATIVE::equals).isPresent()));
    OwnEntities.onlyKnown(asked, FIELDS, CANNOT_OPEN);
    refuse(BAD_REQUEST, EmergencyRules.reasonGiven(name, asked.text("reason").orElse("")));
    refuse(BAD_REQUEST, EmergencyRules.confirmedByName(name, asked.text("confirm").orElse("")));
    refuse(BAD_REQUEST, EmergencyRules.limitedInTime(name, asked.text("minutes").orElse(""), most));
    refuse(UNAVAILABLE, EmergencyRules.somebodyCloses(name, account.isConfigured()));
  }

  private static void refuse(int status, ValidationResult result) {
    throwIfInvalid(result, status, CANNOT_OPEN);
  }

  private static void refuseSecond(Subject network, Emergency last) {
    throw FaultException.operationFailed(
        CONFLICT,
        CANNOT_OPEN
            + ". "
            + ValidationMessage.EMERGENCY_OPEN_ALREADY.text(
                Map.of(
                    "network",
                    network.name(),
                    "until",
                    last.period().until().truncatedTo(ChronoUnit.SECONDS).toString())));
  }

  private void open(Exchange exchange, Subject network, ApiBody asked, UUID user) {
    Instant now = Instant.now().truncatedTo(ChronoUnit.MILLIS);
    Emergency emergency =
        new Emergency(
            network.id(),
            network.name(),
            asked.text("reason").orElseThrow(),
            userName(exchange.token(), user),
            new OpenPeriod(
                now,
                now.plus(Duration.ofMinutes(Long.parseLong(asked.text("minutes").orElseThrow())))));
    inFlight.track(
        emergency.id(),
        () -> {
          emergencies.begin(emergency);
          open(exchange.token(), network, emergency);
          emergencies.opened(emergency.id());
          entities.written(ref(network.id()));
          return emergency;
        });
  }

  /** Opens the profiles one by one; what was begun and refused is closed again. */
  private void open(String token, Subject network, Emergency emergency) {
    boolean touched = false;
    try {
      for (ApiBody profile : profiles.of(token, network.id().toString())) {
        if (OpenProfiles.isIsolating(profile)) {
          profiles.open(token, profile);
          touched = true;
        }
      }
    } catch (EngineException e) {
      boolean refused = e.kind() == EngineException.Kind.REFUSED;
      if (refused && !touched) {
        emergencies.forget(emergency.id());
      } else {
        emergencies.closing(emergency.id(), Optional.empty());
        entities.written(ref(network.id()));
      }
      throw refused ? Refusals.passedOn(e) : e;
    }
  }

  private String userName(String token, UUID user) {
    return engine
        .find(token, "/users/" + user)
        .flatMap(found -> found.text("user_name"))
        .orElse(user.toString());
  }

  /** Closes a network before its time is over, for whoever may edit it. */
  public Response close(Exchange exchange, String id) {
    return networks.withEditable(
        exchange,
        id,
        (shown, user) -> {
          Subject network = subject(shown);
          return entities.change(
              exchange,
              ref(network.id()),
              title(network),
              () -> {
                notClosed(network).ifPresent(last -> closeNow(exchange, last, user));
                return answer(exchange, network, OK);
              });
        });
  }

  private void closeNow(Exchange exchange, Emergency last, UUID user) {
    emergencies.closing(last.id(), Optional.of(userName(exchange.token(), user)));
    entities.written(ref(last.networkId()));
  }

  private static EntityRef ref(UUID network) {
    return EntityRef.of(Kind.EMERGENCY, "/networks/" + network + "/emergency", network.toString());
  }

  private static String title(Subject network) {
    return "Emergency of Network " + network.name();
  }

  // --- what is shown ---

  private Response answer(Exchange exchange, Subject network, int status) {
    Map<String, Object> tree = new LinkedHashMap<>();
    Optional<Emergency> last = emergencies.latest(network.id());
    String state = last.map(emergency -> emergency.status().text()).orElse("closed");
    tree.put("href", exchange.base() + "networks/" + network.id() + "/emergency");
    tree.put("status", state);
    last.ifPresent(emergency -> put(exchange, tree, emergency));
    if (!state.equals("closed")) {
      tree.put(
          "vnic_profiles",
          Map.of(
              "vnic_profile",
              profiles.of(exchange.token(), network.id().toString()).stream()
                  .map(NetworkEmergencies::profile)
                  .toList()));
      tree.put("effects", Map.of("effect", effects(network)));
    }
    return entities.answer(exchange, ref(network.id()), status, tree);
  }

  private void put(Exchange exchange, Map<String, Object> tree, Emergency emergency) {
    BodyFormat format = exchange.answerFormat();
    tree.put("reason", emergency.reason());
    tree.put("opened_by", emergency.openedBy());
    tree.put("opened_time", TreeWriter.time(emergency.period().from(), format));
    tree.put("until_time", TreeWriter.time(emergency.period().until(), format));
    emergency.closedBy().ifPresent(user -> tree.put("closed_by", user));
    emergency.closedAt().ifPresent(at -> tree.put("closed_time", TreeWriter.time(at, format)));
    List<String> left = seen(closer.left(emergency.id()));
    if (!left.isEmpty() && emergency.status() == Emergency.Status.CLOSING) {
      tree.put("not_closed_yet", Map.of("part", left));
    }
  }

  /** Texts about VMs that the caller may see; of the others it is told how many there are. */
  private List<String> seen(List<Left> left) {
    Set<String> vms =
        sight.vms(left.stream().flatMap(each -> each.vmId().stream()).collect(Collectors.toSet()));
    List<String> texts = new ArrayList<>();
    int hidden = 0;
    for (Left each : left) {
      if (each.vmId().filter(vm -> !vms.contains(vm)).isPresent()) {
        hidden++;
      } else {
        texts.add(each.text());
      }
    }
    if (hidden > 0) {
      texts.add(hidden + " vNICs of VMs that you may not see may be open still.");
    }
    return texts;
  }

  private static Map<String, Object> profile(ApiBody profile) {
    Map<String, Object> shown = new LinkedHashMap<>();
    profile.text("id").ifPresent(id -> shown.put("id", id));
    profile.text("name").ifPresent(name -> shown.put("name", name));
    shown.put("isolating", String.valueOf(OpenProfiles.isIsolating(profile)));
    return shown;
  }

  /** What opening really does, and what it does not. */
  private static List<String> effects(Subject network) {
    List<String> effects = new ArrayList<>();
    effects.add(
        "vNICs of Network "
            + network.name()
            + " come up open from now on when their VM starts, when they are plugged in, and when"
            + " they are updated.");
    effects.add(
        "vNICs of VMs that run stay isolated until they are updated (setting the link up again is"
            + " enough), plugged in anew, or the VM is started anew.");
    effects.add(
        "Hosts on whose list of isolated bridges stands "
            + network.bridge()
            + " keep isolating all of its ports, until it is taken from that list: see"
            + " isolated-ports-host networks. Put it back on the list afterwards.");
    effects.add(
        "When it is over, new vNICs are isolated again at once, and those of running VMs as soon as"
            + " Isolated Ports has updated them.");
    return effects;
  }
}
