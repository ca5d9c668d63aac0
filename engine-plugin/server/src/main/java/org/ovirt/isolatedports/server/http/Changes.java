// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.http;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.core.Response;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.ovirt.isolatedports.body.ApiBody;
import org.ovirt.isolatedports.body.BodyFormat;
import org.ovirt.isolatedports.engine.EngineAnswer;
import org.ovirt.isolatedports.server.http.fault.FaultException;

/**
 * Every update and removal: one at a time for each entity, and only of what the client has read.
 *
 * <p>The engine has no {@code If-Match}. So what it has now is read again, as the caller, right
 * before the write; whoever may not see the entity gets the engine's 404 before any rule of ours
 * tells something about it.
 */
@ApplicationScoped
public class Changes {

  private static final int PRECONDITION_FAILED = 412;

  /** What to do once it is clear that it may be done. */
  public interface Write {

    /**
     * Sends the change to the engine, or throws.
     *
     * @param current what the engine has, in the format of the answer
     */
    EngineAnswer send(ApiBody current);
  }

  private final EntityLocks locks;
  private final EntityTags tags;
  private final EntityVersions versions;
  private final Answers answers;

  @Inject
  public Changes(EntityLocks locks, EntityTags tags, EntityVersions versions, Answers answers) {
    this.locks = locks;
    this.tags = tags;
    this.versions = versions;
    this.answers = answers;
  }

  /** Changes an entity. */
  public Response update(Exchange exchange, EntityRef ref, Write write) {
    return change(
        exchange,
        ref,
        current -> {
          EngineAnswer after = write.send(current);
          if (after.isSuccess()) {
            versions.count(ref.key());
          }
          return answers.entity(exchange, ref, after);
        });
  }

  /** Removes an entity. */
  public Response remove(Exchange exchange, EntityRef ref, Write write) {
    return change(
        exchange,
        ref,
        current -> {
          EngineAnswer after = write.send(current);
          if (after.isSuccess()) {
            versions.forget(ref.key());
          }
          return Exchange.pass(after);
        });
  }

  private Response change(Exchange exchange, EntityRef ref, Function<ApiBody, Response> write) {
    if (exchange.header("If-Match").isEmpty()) {
      return locks.exclusively(ref.key(), () -> checked(exchange, ref, write));
    }
    // Who has not seen the latest change is told so without waiting for those who write now, and
    // who waited while another one wrote need not ask the engine any more.
    long seen = versions.read(ref.key());
    return checked(
        exchange,
        ref,
        before ->
            locks.exclusively(
                ref.key(),
                () -> {
                  if (versions.read(ref.key()) != seen && !anyVersion(exchange)) {
                    throw changedSince(title(ref, before));
                  }
                  return checked(exchange, ref, write);
                }));
  }

  /** Goes on with what the engine has now, if the caller may see it and has seen it. */
  private Response checked(Exchange exchange, EntityRef ref, Function<ApiBody, Response> then) {
    EngineAnswer now = exchange.read(ref.path(), exchange.answerFormat());
    if (!now.isSuccess()) {
      return Exchange.pass(now);
    }
    ApiBody current = Exchange.parse(now, ref.kind().element());
    checkIfMatch(exchange, ref, current);
    return then.apply(current);
  }

  private static boolean anyVersion(Exchange exchange) {
    return exchange.header("If-Match").map(EntityTags::parse).orElse(List.of()).contains("*");
  }

  private static String title(EntityRef ref, ApiBody entity) {
    return ref.kind().title() + " " + entity.text("name").orElse(ref.id());
  }

  private void checkIfMatch(Exchange exchange, EntityRef ref, ApiBody current) {
    Optional<String> ifMatch = exchange.header("If-Match");
    if (ifMatch.isPresent() && !matches(exchange, ref, current, EntityTags.parse(ifMatch.get()))) {
      throw changedSince(title(ref, current));
    }
  }

  /** The fault for a client that has not seen the latest change. */
  public static FaultException changedSince(String what) {
    return FaultException.operationFailed(
        PRECONDITION_FAILED,
        what
            + " was changed since you read it. Nothing was changed: read it again and repeat the"
            + " change with its new ETag.");
  }

  private boolean matches(Exchange exchange, EntityRef ref, ApiBody current, List<String> wanted) {
    if (wanted.contains("*")) {
      return true;
    }
    for (BodyFormat format : BodyFormat.values()) {
      if (wanted.stream().anyMatch(tag -> EntityTags.isOf(tag, format))
          && wanted.contains(tag(exchange, ref, current, format))) {
        return true;
      }
    }
    return false;
  }

  /** The tag a client got who read this format; that of the other format takes another look. */
  private String tag(Exchange exchange, EntityRef ref, ApiBody current, BodyFormat format) {
    if (format == exchange.answerFormat()) {
      return tags.of(ref, current, format);
    }
    EngineAnswer other = exchange.read(ref.path(), format);
    return other.isSuccess()
        ? tags.of(ref, Exchange.parse(other, ref.kind().element()), format)
        : "";
  }
}
