// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.engine;

import com.github.benmanes.caffeine.cache.Cache;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.ovirt.engine.sdk4.types.Permission;
import org.ovirt.isolatedports.rules.UnknownIsUnsafe;

/**
 * Who may do what, by the engine's own permissions: a permission gives a user or group a role on an
 * object, a role is a set of permits.
 *
 * <p>The list of an object's permissions holds the inherited ones as well, and does not say which
 * they are.
 */
public class Permissions {

  /** The engine's built-in group of all users. */
  public static final UUID EVERYONE = UUID.fromString("eee00000-0000-0000-0000-123456789eee");

  /** ActionGroup CONFIGURE_STORAGE_POOL_NETWORK: to edit a network. */
  public static final String EDIT_NETWORK = "configure_storage_pool_network";

  /** ActionGroup CREATE_STORAGE_POOL_NETWORK: to create a network. */
  public static final String CREATE_NETWORK = "create_storage_pool_network";

  /** Roles hardly ever change; a permission is never remembered. */
  private static final Duration MAX_AGE = Duration.ofMinutes(1);

  private static final int MOST_ROLES = 1_000;

  private final HardenedSdk sdk;
  private final Cache<String, Set<String>> permitsByRole =
      TimedCaches.of(MAX_AGE, MOST_ROLES).build();

  public Permissions(HardenedSdk sdk) {
    this.sdk = sdk;
  }

  /**
   * Whether one of some users and groups holds a permit on an object.
   *
   * @param holders REST ids of users and groups
   * @param object where the object is, such as {@code networks/123}; empty for the system
   */
  public boolean holds(String token, Collection<UUID> holders, String permit, String object) {
    return permissions(token, object).stream()
        .filter(permission -> holder(permission).filter(holders::contains).isPresent())
        .anyMatch(permission -> permits(token, permission.role().id()).contains(permit));
  }

  /**
   * Whether Everyone may put a vNIC on a profile, or on all profiles of a network. Permissions or
   * permits that cannot be read are taken to let.
   *
   * @param object where it is, such as {@code vnicprofiles/123}
   */
  public boolean everyoneMayUse(String token, String object) {
    return visiblePermissions(token, object)
        .map(
            permissions ->
                permissions.stream()
                    .filter(permission -> holder(permission).filter(EVERYONE::equals).isPresent())
                    .map(permission -> permission.role().id())
                    .anyMatch(role -> mayUseProfiles(token, role)))
        .orElse(true);
  }

  private boolean mayUseProfiles(String token, String role) {
    return UnknownIsUnsafe.mayUseProfiles(
        role, UnknownIsUnsafe.dependsOnPermits(role) ? readPermits(token, role) : Optional.empty());
  }

  private List<Permission> permissions(String token, String object) {
    return visiblePermissions(token, object).orElse(List.of());
  }

  private Optional<List<Permission>> visiblePermissions(String token, String object) {
    String path = object.isEmpty() ? "permissions" : object + "/permissions";
    return EngineLookup.visible(
        () ->
            ((org.ovirt.engine.sdk4.services.AssignedPermissionsService) service(token, path))
                .list()
                .send()
                .permissions());
  }

  private org.ovirt.engine.sdk4.Service service(String token, String path) {
    return sdk.connection(token).systemService().service(path);
  }

  private static Optional<UUID> holder(Permission permission) {
    if (permission.userPresent()) {
      return Optional.of(UUID.fromString(permission.user().id()));
    }
    return permission.groupPresent()
        ? Optional.of(UUID.fromString(permission.group().id()))
        : Optional.empty();
  }

  private Set<String> permits(String token, String roleId) {
    return readPermits(token, roleId).orElse(Set.of());
  }

  private Optional<Set<String>> readPermits(String token, String roleId) {
    Optional<Set<String>> known = Optional.ofNullable(permitsByRole.getIfPresent(roleId));
    if (known.isPresent()) {
      return known;
    }
    Optional<Set<String>> names =
        EngineLookup.visible(
                () ->
                    sdk.connection(token)
                        .systemService()
                        .rolesService()
                        .roleService(roleId)
                        .permitsService()
                        .list()
                        .send()
                        .permits())
            .map(
                permits ->
                    permits.stream().map(permit -> permit.name()).collect(Collectors.toSet()));
    names.filter(read -> !read.isEmpty()).ifPresent(read -> permitsByRole.put(roleId, read));
    return names;
  }
}
