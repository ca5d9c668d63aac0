// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.engine;

import static org.ovirt.engine.sdk4.builders.Builders.customProperty;
import static org.ovirt.engine.sdk4.builders.Builders.vnicProfile;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.ovirt.engine.sdk4.services.SystemService;
import org.ovirt.engine.sdk4.types.CustomProperty;
import org.ovirt.engine.sdk4.types.VnicProfile;

/** vNIC profiles, which carry our property to the hosts. */
public class VnicProfiles {

  /** The custom property's name. */
  public static final String PROPERTY = "port_isolation";

  /** A real engine was seen to take 0.4 to 1.8 s. */
  private static final Duration DEFAULT_PROFILE_WITHIN = Duration.ofSeconds(15);

  private static final Duration LOOK_AGAIN = Duration.ofMillis(100);

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
    isolate(token, profilesOf(token, networkId));
  }

  /**
   * The same for a network that was just made: the engine makes its default profile by itself, some
   * time after it has answered, and until then there is nothing to carry the property.
   *
   * @throws EngineException if the engine refuses, or makes no profile in time
   */
  public void isolateNew(String token, String networkId) {
    awaitDefault(token, networkId);
    isolate(token, networkId);
  }

  /**
   * Waits for the profile that the engine makes for each new VM network, unless told otherwise.
   *
   * @throws EngineException if it makes none in time
   */
  public void awaitDefault(String token, String networkId) {
    long end = System.nanoTime() + DEFAULT_PROFILE_WITHIN.toNanos();
    while (profilesOf(token, networkId).isEmpty()) {
      if (System.nanoTime() - end > 0) {
        throw new EngineException(
            EngineException.Kind.TIMEOUT,
            "The oVirt engine has made no vNIC profile for the network within "
                + DEFAULT_PROFILE_WITHIN.toSeconds()
                + " s.");
      }
      pause();
    }
  }

  private static void pause() {
    try {
      Thread.sleep(LOOK_AGAIN.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EngineException(
          EngineException.Kind.TIMEOUT,
          "Isolated Ports is being stopped and waits for no vNIC profile any more.");
    }
  }

  private List<VnicProfile> profilesOf(String token, String networkId) {
    return SdkErrors.unwrap(
        () ->
            sdk.connection(token)
                .systemService()
                .networksService()
                .networkService(networkId)
                .vnicProfilesService()
                .list()
                .send()
                .profiles());
  }

  private void isolate(String token, List<VnicProfile> profiles) {
    SdkErrors.unwrap(
        () -> {
          SystemService system = sdk.connection(token).systemService();
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
