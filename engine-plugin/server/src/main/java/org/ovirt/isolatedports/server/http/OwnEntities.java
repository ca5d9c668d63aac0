// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.http;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.ovirt.isolatedports.body.ApiBody;
import org.ovirt.isolatedports.body.BodyFormat;
import org.ovirt.isolatedports.body.TreeWriter;
import org.ovirt.isolatedports.server.http.fault.FaultException;

/**
 * Entities that live only with us: their tags count the writes, and what a body asks for must be
 * known. One at a time writes one of them, and only what it has read.
 */
@ApplicationScoped
public class OwnEntities {

  private static final int BAD_REQUEST = 400;

  private final EntityLocks locks;
  private final EntityTags tags;
  private final EntityVersions versions;

  @Inject
  OwnEntities(EntityLocks locks, EntityTags tags, EntityVersions versions) {
    this.locks = locks;
    this.tags = tags;
    this.versions = versions;
  }

  /**
   * Changes an entity if the caller has read its latest version.
   *
   * @param name what a message calls it, such as {@code Emergency of Network blue}
   */
  public <T> T change(Exchange exchange, EntityRef ref, String name, Supplier<T> change) {
    return locks.exclusively(
        ref.key(),
        () -> {
          Optional<List<String>> ifMatch = exchange.header("If-Match").map(EntityTags::parse);
          if (ifMatch.isPresent()
              && !ifMatch.get().contains("*")
              && !ifMatch.get().contains(tag(ref, BodyFormat.XML))
              && !ifMatch.get().contains(tag(ref, BodyFormat.JSON))) {
            throw Changes.changedSince(name);
          }
          return change.get();
        });
  }

  /** Counts a write, also one that others may have seen half done. */
  public void written(EntityRef ref) {
    versions.count(ref.key());
  }

  private String tag(EntityRef ref, BodyFormat format) {
    return tags.of(ref, format.create(ref.kind().element()), format);
  }

  /** An answer with the entity and its tag. */
  public Response answer(Exchange exchange, EntityRef ref, int status, Map<String, Object> tree) {
    BodyFormat format = exchange.answerFormat();
    return Response.status(status)
        .entity(TreeWriter.write(format, ref.kind().element(), tree))
        .header(HttpHeaders.CONTENT_TYPE, format.contentType())
        .header(HttpHeaders.ETAG, tag(ref, format))
        .build();
  }

  /** Refuses fields that are not known: a caller that misspells one would not get what it means. */
  public static void onlyKnown(ApiBody body, Set<String> fields, String action) {
    Set<String> unknown = new TreeSet<>(body.names());
    unknown.removeAll(fields);
    if (!unknown.isEmpty()) {
      throw FaultException.operationFailed(
          BAD_REQUEST,
          action
              + ". The field "
              + unknown.iterator().next()
              + " is not known; there are "
              + String.join(", ", new TreeSet<>(fields))
              + ".");
    }
  }
}
