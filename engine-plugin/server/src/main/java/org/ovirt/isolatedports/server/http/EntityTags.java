// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.http;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import org.ovirt.isolatedports.body.ApiBody;
import org.ovirt.isolatedports.body.BodyFormat;

/**
 * The {@code ETag} of an entity: a digest of what the engine says of it and of how often it was
 * written through us.
 *
 * <p>What changes without anybody changing the entity is left out: states, times, links. XML and
 * JSON differ, so each has a tag of its own (RFC 9110, section 8.8.3); either is good for {@code
 * If-Match}.
 */
@ApplicationScoped
public class EntityTags {

  private static final Set<String> VOLATILE =
      Set.of(
          "actions",
          "fqdn",
          "guest_operating_system",
          "guest_time_zone",
          "href",
          "link",
          "next_run_configuration_exists",
          "reported_devices",
          "run_once",
          "start_time",
          "statistics",
          "status",
          "status_detail",
          "stop_reason",
          "stop_time",
          "synced",
          "upgrade_in_progress",
          "upgrade_percent_complete");

  private static final int DIGEST_BYTES = 15;

  private final EntityVersions versions;

  @Inject
  public EntityTags(EntityVersions versions) {
    this.versions = versions;
  }

  /** The tag of an entity, in quotes, as it stands in the header. */
  public String of(EntityRef ref, ApiBody engineState, BodyFormat format) {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every JDK has SHA-256", e);
    }
    digest.update(engineState.canonical(VOLATILE).getBytes(StandardCharsets.UTF_8));
    digest.update(("#" + versions.read(ref.key())).getBytes(StandardCharsets.UTF_8));
    byte[] start = java.util.Arrays.copyOf(digest.digest(), DIGEST_BYTES);
    return "\""
        + prefix(format)
        + Base64.getUrlEncoder().withoutPadding().encodeToString(start)
        + "\"";
  }

  /** Whether a tag was given out for this representation. */
  static boolean isOf(String tag, BodyFormat format) {
    return tag.startsWith("\"" + prefix(format));
  }

  private static char prefix(BodyFormat format) {
    return format == BodyFormat.XML ? 'x' : 'j';
  }

  /**
   * The tags of an {@code If-Match} header, without those that cannot match: a weak tag never does
   * (RFC 9110, section 13.1.1).
   */
  public static List<String> parse(String ifMatch) {
    List<String> tags = new ArrayList<>();
    for (String part : ifMatch.split(",", -1)) {
      String tag = part.trim();
      if (tag.equals("*") || tag.startsWith("\"")) {
        tags.add(tag);
      }
    }
    return tags;
  }
}
