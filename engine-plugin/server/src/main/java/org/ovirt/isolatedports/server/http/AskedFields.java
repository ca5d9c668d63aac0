// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.http;

import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.ovirt.isolatedports.body.ApiBody;
import org.ovirt.isolatedports.body.Shape;
import org.ovirt.isolatedports.engine.EntityParser;
import org.ovirt.isolatedports.server.http.fault.FaultException;

/**
 * What we judge of the bodies that callers send, and how it must be written. What contradicts the
 * path, or itself, is refused: we would judge the one and the engine take the other.
 */
public final class AskedFields {

  private static final int BAD_REQUEST = 400;
  private static final Shape SCALAR = new Shape.Scalar();
  private static final Shape LINK = entity("id", SCALAR, "name", SCALAR);
  private static final Shape PROPERTIES =
      new Shape.Items(EntityParser.CUSTOM_PROPERTY, entity("name", SCALAR, "value", SCALAR));

  private static final Shape.Entity NETWORK =
      entity(
          "id",
          SCALAR,
          "name",
          SCALAR,
          "comment",
          SCALAR,
          "port_isolation",
          SCALAR,
          "display",
          SCALAR,
          "data_center",
          LINK,
          "cluster",
          LINK,
          "external_provider",
          LINK,
          EntityParser.USAGES,
          new Shape.Items("usage", new Shape.Plain()));

  private static final Map<Kind, Shape.Entity> BY_KIND = new EnumMap<>(Kind.class);

  static {
    BY_KIND.put(Kind.NETWORK, NETWORK);
    BY_KIND.put(Kind.CLUSTER_NETWORK, NETWORK);
    BY_KIND.put(
        Kind.VNIC_PROFILE,
        entity(
            "id",
            SCALAR,
            "name",
            SCALAR,
            "network",
            LINK,
            "failover",
            LINK,
            EntityParser.PORT_MIRRORING,
            SCALAR,
            EntityParser.PASS_THROUGH,
            entity("mode", new Shape.Word(Set.of("enabled", "disabled"))),
            EntityParser.CUSTOM_PROPERTIES,
            PROPERTIES));
    BY_KIND.put(
        Kind.NIC,
        entity(
            "id", SCALAR,
            "name", SCALAR,
            "vm", LINK,
            "vnic_profile", LINK,
            "mac", entity("address", SCALAR),
            "plugged", SCALAR,
            "linked", SCALAR));
    BY_KIND.put(
        Kind.VM,
        entity(
            "id",
            SCALAR,
            "name",
            SCALAR,
            "cluster",
            LINK,
            EntityParser.CUSTOM_PROPERTIES,
            PROPERTIES));
    BY_KIND.put(
        Kind.CLUSTER,
        entity(
            "id",
            SCALAR,
            "name",
            SCALAR,
            EntityParser.SWITCH_TYPE,
            new Shape.Word(Set.of("legacy", "ovs")),
            EntityParser.VERSION,
            entity("major", new Shape.Whole(), "minor", new Shape.Whole())));
    BY_KIND.put(
        Kind.UPLINK,
        entity(
            "mode",
            SCALAR,
            "gateways",
            new Shape.Items("gateway", SCALAR),
            "drop_hairpin",
            SCALAR,
            "subnets",
            new Shape.Items("subnet", SCALAR),
            "gateway_addresses",
            new Shape.Items("gateway_address", SCALAR)));
    BY_KIND.put(Kind.EMERGENCY, entity("reason", SCALAR, "confirm", SCALAR, "minutes", SCALAR));
    Shape.Entity policy = entity("yaml", SCALAR, "mode", SCALAR, "comment", SCALAR);
    BY_KIND.put(Kind.ACLS, policy);
    BY_KIND.put(Kind.NETWORK_POLICY, policy);
    BY_KIND.put(
        Kind.ADDRESS_SET,
        entity("addresses", new Shape.Items("address", new Shape.Plain()), "comment", SCALAR));
    BY_KIND.put(
        Kind.PORT_GROUP,
        entity("ports", new Shape.Items("port", new Shape.Plain()), "comment", SCALAR));
    BY_KIND.put(
        Kind.LABELS,
        entity(
            "namespace",
            SCALAR,
            "labels",
            new Shape.Items("label", entity("name", SCALAR, "value", SCALAR)),
            "ips",
            new Shape.Items("ip", new Shape.Plain())));
    BY_KIND.put(Kind.VNIC_ROLE, entity("role", SCALAR));
    BY_KIND.put(Kind.PROFILE_SERVICES, entity("router_and_dhcp", SCALAR));
    BY_KIND.put(
        Kind.MOVING_IN,
        entity(
            "step", SCALAR,
            "name", SCALAR,
            "all", SCALAR,
            "nics", new Shape.Items("nic", entity("id", SCALAR)),
            "vms", new Shape.Items("vm", entity("id", SCALAR))));
  }

  private AskedFields() {}

  private static Shape.Entity entity(Object... namesAndShapes) {
    Map<String, Shape> fields = new HashMap<>();
    for (int i = 0; i < namesAndShapes.length; i += 2) {
      fields.put((String) namesAndShapes[i], (Shape) namesAndShapes[i + 1]);
    }
    return new Shape.Entity(Map.copyOf(fields));
  }

  /** How what we judge of a kind of body must be written. */
  static Shape.Entity of(Kind kind) {
    return BY_KIND.get(kind);
  }

  /**
   * Throws if a body names another entity than the path does, such as {@code network} in a profile.
   *
   * @param link the field that names it; empty for the entity itself
   * @param idOfPath the id in the path
   */
  public static void unlessOf(ApiBody body, String link, String idOfPath) {
    Optional<ApiBody> named = link.isEmpty() ? Optional.of(body) : body.child(link);
    Optional<String> id = named.flatMap(entity -> entity.text("id"));
    if (id.isPresent() && !isSame(id.get(), idOfPath)) {
      throw contradiction(
          link.isEmpty()
              ? "The id of the body, " + id.get() + ", is not that of the path, " + idOfPath + "."
              : "The body's "
                  + link
                  + " "
                  + id.get()
                  + " is not the one of the path, "
                  + idOfPath
                  + ".");
    }
  }

  private static boolean isSame(String one, String other) {
    Optional<UUID> id = Ids.uuid(one);
    return id.isPresent() && id.equals(Ids.uuid(other));
  }

  /** Throws if an entity of two fields has but one of them. */
  public static void unlessWhole(ApiBody body, String field, String one, String other) {
    if (body.child(field).filter(part -> part.has(one) != part.has(other)).isPresent()) {
      throw contradiction(
          "The field " + field + " needs both " + one + " and " + other + ", or neither.");
    }
  }

  /**
   * Throws if a link says both an id and a name, and the name is not that of the id.
   *
   * @param idOfName the id that has the name; empty if none has
   */
  public static void unlessIs(ApiBody link, String what, Optional<String> idOfName) {
    Optional<String> id = link.text("id");
    if (id.isPresent()
        && link.has("name")
        && idOfName.filter(other -> isSame(id.get(), other)).isEmpty()) {
      throw contradiction(
          "The "
              + what
              + " "
              + link.text("name").orElse("")
              + " does not have the id "
              + id.get()
              + ". Send one of both.");
    }
  }

  /**
   * Throws if custom properties are such that the engine would make others of them: it keeps them
   * as one text of {@code name=value} with {@code ;} between.
   */
  public static void unlessSeparate(ApiBody body) {
    unlessSeparate(body, false);
  }

  /**
   * The same for a VM, whose values may hold {@code =}, as {@code qemu_cmdline} does: the engine
   * ends a name at the first one.
   */
  public static void unlessSeparateOfVm(ApiBody body) {
    unlessSeparate(body, true);
  }

  private static void unlessSeparate(ApiBody body, boolean mayAssign) {
    Set<String> names = new HashSet<>();
    for (ApiBody property : properties(body)) {
      String name = property.text("name").orElse("");
      String value = property.text("value").orElse("");
      if (!name.matches("[^;=\\s\\p{Cntrl}]+")) {
        throw contradiction(
            "The custom property \"" + name + "\" has no name, or one with a blank, ; or = in it.");
      }
      boolean separates = value.contains(";") || (!mayAssign && value.contains("="));
      if (property.text("value").isEmpty() || separates) {
        throw contradiction(
            "The custom property "
                + name
                + " has no value, or one with "
                + (mayAssign ? ";" : "; or =")
                + " in it.");
      }
      if (!names.add(name)) {
        throw contradiction("The custom property " + name + " is there twice.");
      }
    }
  }

  private static List<ApiBody> properties(ApiBody body) {
    return body.list(EntityParser.CUSTOM_PROPERTIES, EntityParser.CUSTOM_PROPERTY);
  }

  private static FaultException contradiction(String what) {
    return FaultException.operationFailed(BAD_REQUEST, what);
  }
}
