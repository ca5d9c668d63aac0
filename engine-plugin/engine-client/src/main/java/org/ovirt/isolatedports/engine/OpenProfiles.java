// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.engine;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.ovirt.isolatedports.body.ApiBody;

/** Takes the property from vNIC profiles, so that what comes up on them later comes up open. */
public class OpenProfiles {

  private final JsonEngine engine;

  public OpenProfiles(JsonEngine engine) {
    this.engine = engine;
  }

  /** The profiles of a network, as the token's owner sees them. */
  public List<ApiBody> of(String token, String networkId) {
    return engine.read(token, "/networks/" + networkId + "/vnicprofiles").items("vnic_profile");
  }

  /** Whether a profile's property isolates its ports; a profile with another role does not. */
  public static boolean isIsolating(ApiBody profile) {
    return properties(profile).stream().anyMatch(OpenProfiles::isolates);
  }

  /**
   * Takes the property away, and keeps the profile's others. The SDK cannot: it leaves an empty
   * list out.
   *
   * @throws EngineException if the engine refuses
   */
  public void open(String token, ApiBody profile) {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    ArrayNode kept =
        body.putObject(EntityParser.CUSTOM_PROPERTIES).putArray(EntityParser.CUSTOM_PROPERTY);
    for (ApiBody property : properties(profile)) {
      if (!isolates(property)) {
        ObjectNode copy = kept.addObject();
        property.text("name").ifPresent(name -> copy.put("name", name));
        property.text("value").ifPresent(value -> copy.put("value", value));
        property.text("regexp").ifPresent(regexp -> copy.put("regexp", regexp));
      }
    }
    ApiBody unused =
        engine.update(token, "/vnicprofiles/" + profile.text("id").orElseThrow(), body.toString());
  }

  private static List<ApiBody> properties(ApiBody profile) {
    return profile.list(EntityParser.CUSTOM_PROPERTIES, EntityParser.CUSTOM_PROPERTY);
  }

  private static boolean isolates(ApiBody property) {
    return property.text("name").filter(VnicProfiles.PROPERTY::equals).isPresent()
        && property
            .text("value")
            .filter(value -> value.equals("true") || value.equals("isolated"))
            .isPresent();
  }
}
