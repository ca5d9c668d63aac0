// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.engine;

import static org.ovirt.engine.sdk4.builders.Builders.customProperty;
import static org.ovirt.engine.sdk4.builders.Builders.vnicProfile;

import java.util.ArrayList;
import java.util.List;
import org.ovirt.engine.sdk4.services.SystemService;
import org.ovirt.engine.sdk4.types.CustomProperty;
import org.ovirt.engine.sdk4.types.VnicProfile;

/** vNIC profiles, which carry our property to the hosts. */
public class VnicProfiles {

  /** The custom property's name. */
  public static final String PROPERTY = "port_isolation";

  /** The values the engine is told to accept. There is no {@code false}. */
  public static final String PROPERTY_PATTERN =
      "^(true|isolated|promiscuous|community:[A-Za-z0-9_-]{1,32})$";

  private final HardenedSdk sdk;

  public VnicProfiles(HardenedSdk sdk) {
    this.sdk = sdk;
  }

  /**
   * Sets the property {@code port_isolation=true} on every profile of a network that has no role of
   * its own, and keeps the profile's other properties.
   *
   * @throws EngineException if the engine refuses
   */
  public void isolate(String token, String networkId) {
    SdkErrors.unwrap(
        () -> {
          SystemService system = sdk.connection(token).systemService();
          List<VnicProfile> profiles =
              system
                  .networksService()
                  .networkService(networkId)
                  .vnicProfilesService()
                  .list()
                  .send()
                  .profiles();
          for (VnicProfile profile : profiles) {
            List<CustomProperty> properties = propertiesOf(profile);
            if (properties.stream().noneMatch(property -> PROPERTY.equals(property.name()))) {
              properties.add(customProperty().name(PROPERTY).value("true").build());
              system
                  .vnicProfilesService()
                  .profileService(profile.id())
                  .update()
                  .profile(vnicProfile().customProperties(properties))
                  .send();
            }
          }
          return profiles.size();
        });
  }

  /** Whether a refusal of the engine says that it does not know the property. */
  public static boolean isNotRegistered(String detail) {
    return detail.contains("not configured by the system") && detail.contains(PROPERTY);
  }

  private static List<CustomProperty> propertiesOf(VnicProfile profile) {
    return profile.customPropertiesPresent()
        ? new ArrayList<>(profile.customProperties())
        : new ArrayList<>();
  }
}
