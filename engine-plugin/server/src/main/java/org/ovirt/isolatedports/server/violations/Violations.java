// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.violations;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.persistence.EntityManager;
import jakarta.transaction.Transactional;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.ovirt.isolatedports.rules.GuardViolation;
import org.ovirt.isolatedports.validation.ValidationMessage;

/** The violations in the database. */
@ApplicationScoped
@Transactional
public class Violations implements ViolationStore {

  private final EntityManager entities;

  @Inject
  public Violations(EntityManager entities) {
    this.entities = entities;
  }

  /**
   * Some of the violations, newest first.
   *
   * @param networks ids of the networks they may be of
   * @param others whether those of no network are in it too
   * @param open whether they are to last still; else those that are over are in it too
   * @param from how many to leave out
   * @param most how many at most
   */
  public List<Violation> page(
      Collection<String> networks, boolean others, boolean open, int from, int most) {
    return entities
        .createQuery(
            "select v from Violation v where"
                + " (v.networkId in (:networks) or (:others = true and v.networkId is null))"
                + " and (:open = false or v.clearedAt is null) order by v.foundAt desc, v.id",
            Violation.class)
        .setParameter("networks", networks)
        .setParameter("others", others)
        .setParameter("open", open)
        .setFirstResult(from)
        .setMaxResults(most)
        .getResultList();
  }

  /** One violation. */
  public Optional<Violation> find(UUID id) {
    return Optional.ofNullable(entities.find(Violation.class, id));
  }

  /** Whether a violation was brought to the engine's event log. */
  public boolean wasTold(String key) {
    return !entities
        .createQuery(
            "select v.id from Violation v where v.key = :key and v.foundPosted = true", UUID.class)
        .setParameter("key", key)
        .setMaxResults(1)
        .getResultList()
        .isEmpty();
  }

  @Override
  public void replace(
      List<GuardViolation> found, Set<ValidationMessage> undecided, Instant now, Instant settled) {
    Map<String, Violation> open = new HashMap<>();
    Map<String, Violation> justOver = new HashMap<>();
    for (Violation violation :
        entities
            .createQuery(
                "select v from Violation v where v.clearedAt is null or v.clearedAt > :settled",
                Violation.class)
            .setParameter("settled", settled)
            .getResultList()) {
      if (violation.clearedAt().isEmpty()) {
        open.put(violation.key(), violation);
      } else if (!violation.clearedPosted()) {
        justOver.put(violation.key(), violation);
      }
    }
    for (GuardViolation each : found) {
      Violation known = open.remove(each.key());
      if (known == null) {
        known = justOver.get(each.key());
        if (known != null) {
          known.goOn();
        }
      }
      if (known == null) {
        entities.persist(new Violation(each, now, nextEvent(), nextEvent()));
      } else {
        known.describe(each);
      }
    }
    Set<String> stays = undecided.stream().map(Enum::name).collect(Collectors.toSet());
    open.values().stream()
        .filter(violation -> !stays.contains(violation.rule()))
        .forEach(gone -> gone.clear(now));
  }

  private int nextEvent() {
    return ((Number)
            entities.createNativeQuery("SELECT nextval('violation_event')").getSingleResult())
        .intValue();
  }

  @Override
  public List<Line> unreported(Instant settled, int most) {
    List<Line> lines = new ArrayList<>();
    for (Violation violation :
        entities
            .createQuery(
                "select v from Violation v where (v.foundPosted = false and v.clearedAt is null)"
                    + " or (v.foundPosted = true and v.clearedPosted = false"
                    + " and v.clearedAt <= :settled) order by v.foundAt",
                Violation.class)
            .setParameter("settled", settled)
            .setMaxResults(most)
            .getResultList()) {
      lines.add(line(violation));
    }
    return lines;
  }

  private static Line line(Violation violation) {
    boolean over = violation.foundPosted();
    return new Line(
        violation.id(),
        over,
        over ? violation.clearedEvent() : violation.foundEvent(),
        over ? "normal" : violation.severity(),
        over ? "No longer so: " + violation.description() : violation.description(),
        violation.subject());
  }

  @Override
  public void markReported(Line line) {
    Optional.ofNullable(entities.find(Violation.class, line.violationId()))
        .ifPresent(
            violation -> {
              if (line.over()) {
                violation.clearingWasSaid();
              } else {
                violation.foundWasSaid();
              }
            });
  }

  @Override
  public void forgetOver(Instant before) {
    entities
        .createQuery("delete from Violation v where v.clearedAt < :before")
        .setParameter("before", before)
        .executeUpdate();
  }
}
