// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.uplink;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.regex.Pattern;
import org.ovirt.isolatedports.body.ApiBody;
import org.ovirt.isolatedports.body.BodyFormat;
import org.ovirt.isolatedports.policy.address.IpRange;
import org.ovirt.isolatedports.server.http.Changes;
import org.ovirt.isolatedports.server.http.EntityLocks;
import org.ovirt.isolatedports.server.http.EntityRef;
import org.ovirt.isolatedports.server.http.EntityTags;
import org.ovirt.isolatedports.server.http.EntityVersions;
import org.ovirt.isolatedports.server.http.Exchange;
import org.ovirt.isolatedports.server.http.Kind;
import org.ovirt.isolatedports.server.http.fault.FaultException;
import org.ovirt.isolatedports.server.isolation.IsolatedNetworks;
import org.ovirt.isolatedports.server.network.CallersNetworks;

/** The uplinks of isolated networks, which live only with us. */
@ApplicationScoped
public class NetworkUplinks {

  private static final String UPLINK = "uplink";
  private static final String CANNOT_EDIT = "Cannot edit Uplink of Network ";
  private static final String HAIRPIN = "drop_hairpin";
  private static final String SUBNETS = "subnets";
  private static final String GATEWAY_ADDRESSES = "gateway_addresses";
  private static final Set<String> FIELDS =
      Set.of("mode", "gateways", HAIRPIN, SUBNETS, GATEWAY_ADDRESSES);
  private static final Pattern MAC = Pattern.compile("[0-9a-f]{2}([:-][0-9a-f]{2}){5}");
  private static final int MOST_GATEWAYS = 16;
  private static final int MOST_RANGES = 16;
  private static final int BAD_REQUEST = 400;
  private static final int CONFLICT = 409;

  private final Uplinks uplinks;
  private final IsolatedNetworks store;
  private final EntityVersions versions;
  private final EntityLocks locks;
  private final EntityTags tags;
  private final CallersNetworks networks;

  @Inject
  NetworkUplinks(
      Uplinks uplinks,
      IsolatedNetworks store,
      EntityVersions versions,
      EntityLocks locks,
      EntityTags tags,
      CallersNetworks networks) {
    this.uplinks = uplinks;
    this.store = store;
    this.versions = versions;
    this.locks = locks;
    this.tags = tags;
    this.networks = networks;
  }

  /** The uplink of a network, for whoever may see the network. */
  public Response get(Exchange exchange, String id) {
    return CallersNetworks.withReadable(exchange, id, network -> answer(exchange, id));
  }

  /** Sets the uplink of an isolated network, for whoever may edit the network. */
  public Response set(Exchange exchange, String id, byte[] body) {
    ApiBody asked = exchange.asked(body, Kind.UPLINK);
    return networks.withEditable(
        exchange, id, (network, user) -> set(exchange, id, network.name(), asked));
  }

  private Response set(Exchange exchange, String id, String name, ApiBody asked) {
    UUID networkId = UUID.fromString(id);
    if (store.find(networkId).isEmpty()) {
      throw FaultException.operationFailed(
          CONFLICT,
          CANNOT_EDIT + name + ". The uplink can be set only on a Network with Port Isolation.");
    }
    Uplink wanted = read(asked, name);
    Optional<Hairpin> hairpin = readHairpin(asked, name);
    return locks.exclusively(
        ref(id).key(),
        () -> {
          checkIfMatch(exchange, id, name);
          // What is left out stays: nothing opens by a client that does not know of it.
          uplinks.set(
              networkId,
              new Uplink(
                  wanted.gatewaysOnly(),
                  wanted.gatewayMacs(),
                  hairpin.orElseGet(() -> uplinks.of(networkId).hairpin())));
          versions.count(ref(id).key());
          return answer(exchange, id);
        });
  }

  private static EntityRef ref(String id) {
    return EntityRef.of(Kind.UPLINK, "/networks/" + id + "/uplink", id);
  }

  private void checkIfMatch(Exchange exchange, String id, String name) {
    Optional<String> ifMatch = exchange.header("If-Match");
    if (ifMatch.isEmpty()) {
      return;
    }
    List<String> wanted = EntityTags.parse(ifMatch.get());
    boolean matches = wanted.contains("*");
    for (BodyFormat format : BodyFormat.values()) {
      matches |= wanted.contains(tags.of(ref(id), body(id, format), format));
    }
    if (!matches) {
      throw Changes.changedSince("Uplink of Network " + name);
    }
  }

  private static Uplink read(ApiBody asked, String name) {
    Set<String> unknown = new TreeSet<>(asked.names());
    unknown.removeAll(FIELDS);
    if (!unknown.isEmpty()) {
      throw bad(
          name,
          "The field "
              + unknown.iterator().next()
              + " is not known; there are mode, gateways, drop_hairpin, subnets and"
              + " gateway_addresses.");
    }
    String mode = asked.text("mode").orElse("");
    List<String> macs =
        asked.texts("gateways", "gateway").orElse(List.of()).stream()
            .map(mac -> mac.trim().toLowerCase(Locale.ROOT))
            .toList();
    for (String mac : macs) {
      if (!MAC.matcher(mac).matches()) {
        throw bad(name, "The gateway \"" + mac + "\" is not a MAC address.");
      }
    }
    if (macs.size() > MOST_GATEWAYS) {
      throw bad(name, "There are more than " + MOST_GATEWAYS + " gateways.");
    }
    return switch (mode) {
      case "open" -> {
        if (!macs.isEmpty()) {
          throw bad(name, "An open uplink has no gateways; use the mode gateways.");
        }
        yield Uplink.OPEN;
      }
      case "gateways" -> {
        if (macs.isEmpty()) {
          throw bad(name, "The mode gateways needs at least one gateway, or nothing gets in.");
        }
        yield new Uplink(true, macs.stream().map(mac -> mac.replace('-', ':')).toList());
      }
      default -> throw bad(name, "The mode must be open or gateways, not \"" + mode + "\".");
    };
  }

  /** What does not come back from the outside; empty if the request does not say it. */
  private static Optional<Hairpin> readHairpin(ApiBody asked, String name) {
    Optional<Boolean> drops = asked.flag(HAIRPIN);
    List<String> subnets = ranges(asked, SUBNETS, "subnet", name);
    List<String> gateways = ranges(asked, GATEWAY_ADDRESSES, "gateway_address", name);
    if (!drops.orElse(false)) {
      if (!subnets.isEmpty() || !gateways.isEmpty()) {
        throw bad(
            name,
            "Subnets and gateway_addresses are for drop_hairpin; set it to true, or leave"
                + " them out.");
      }
      return drops.map(no -> Hairpin.ALLOWED);
    }
    if (subnets.isEmpty()) {
      throw bad(name, "The field drop_hairpin needs the Network's blocks in subnets.");
    }
    for (String subnet : subnets) {
      boolean ipv6 = subnet.contains(":");
      if (gateways.stream().noneMatch(gateway -> gateway.contains(":") == ipv6)) {
        throw bad(
            name,
            "There is no gateway of the family of "
                + subnet
                + " in gateway_addresses; without one the gateway would be cut off.");
      }
    }
    for (String gateway : gateways) {
      if (gateway.contains("/")) {
        throw bad(name, "The gateway \"" + gateway + "\" is a block; write one address.");
      }
    }
    return Optional.of(new Hairpin(subnets, gateways));
  }

  private static List<String> ranges(ApiBody asked, String list, String element, String name) {
    List<String> texts = asked.texts(list, element).orElse(List.of());
    if (texts.size() > MOST_RANGES) {
      throw bad(name, "There are more than " + MOST_RANGES + " " + list + ".");
    }
    return texts.stream()
        .map(
            text ->
                IpRange.parse(text.trim())
                    .map(IpRange::toString)
                    .orElseThrow(
                        () ->
                            bad(
                                name,
                                "\"" + text + "\" in " + list + " is no IP address or block.")))
        .toList();
  }

  private static FaultException bad(String name, String what) {
    return FaultException.operationFailed(BAD_REQUEST, CANNOT_EDIT + name + ". " + what);
  }

  private Response answer(Exchange exchange, String id) {
    BodyFormat format = exchange.answerFormat();
    ApiBody body = body(id, format);
    return Response.ok(body.toBytes())
        .header(HttpHeaders.CONTENT_TYPE, format.contentType())
        .header(HttpHeaders.ETAG, tags.of(ref(id), body, format))
        .build();
  }

  private ApiBody body(String id, BodyFormat format) {
    Uplink uplink = uplinks.of(UUID.fromString(id));
    ApiBody body = format.create(UPLINK);
    body.set("mode", uplink.mode());
    body.setTexts("gateways", "gateway", uplink.gatewayMacs());
    body.set(HAIRPIN, String.valueOf(uplink.hairpin().drops()));
    if (uplink.hairpin().drops()) {
      body.setTexts(SUBNETS, "subnet", uplink.hairpin().subnets());
      body.setTexts(GATEWAY_ADDRESSES, "gateway_address", uplink.hairpin().gatewayAddresses());
    }
    return body;
  }
}
