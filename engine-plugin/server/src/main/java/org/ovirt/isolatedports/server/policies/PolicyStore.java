// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.policies;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.persistence.EntityManager;
import jakarta.transaction.Transactional;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/** All that was ever written for networks. Nothing is changed or removed, only added. */
@ApplicationScoped
@Transactional
public class PolicyStore implements PolicySource {

  private static final String NETWORK = "network";

  /** The newest revision of each document. */
  private static final String NEWEST =
      "select r from PolicyRevision r left join fetch r.pins where r.networkId = :network and"
          + " r.revision ="
          + " (select max(o.revision) from PolicyRevision o where o.networkId = r.networkId and"
          + " o.kind = r.kind and o.name = r.name)";

  private final EntityManager entities;

  @Inject
  public PolicyStore(EntityManager entities) {
    this.entities = entities;
  }

  @Override
  public Set<UUID> networks() {
    return new HashSet<>(
        entities
            .createQuery(
                "select distinct r.networkId from PolicyRevision r where r.content is not null and"
                    + " r.revision = (select max(o.revision) from PolicyRevision o where"
                    + " o.networkId = r.networkId and o.kind = r.kind and o.name = r.name)",
                UUID.class)
            .getResultList());
  }

  @Override
  public InForce inForce(UUID networkId) {
    return stored(networkId).inForce();
  }

  @Override
  public boolean rules(UUID networkId) {
    return !stored(networkId).everything().isEmpty();
  }

  /** What is stored under a network now. */
  public StoredPolicies stored(UUID networkId) {
    Map<Document, Revision> documents = new HashMap<>();
    long version = 0;
    for (PolicyRevision row :
        entities
            .createQuery(NEWEST, PolicyRevision.class)
            .setParameter(NETWORK, networkId)
            .getResultList()) {
      version = Math.max(version, row.version());
      documents.put(row.document(), row.revision());
    }
    return new StoredPolicies(networkId, version, documents);
  }

  /**
   * All revisions of a document, the oldest first, without what they said: of one that is no
   * removal the content is an empty text. None if the document was never written.
   */
  public List<Revision> history(Document document) {
    return entities
        .createQuery(
            "select r.revision, r.content is null, r.mode, r.author, r.writtenAt, r.comment,"
                + " r.restoredFrom from PolicyRevision r where r.networkId = :network and"
                + " r.kind = :kind and r.name = :name order by r.revision",
            Object[].class)
        .setParameter(NETWORK, document.networkId())
        .setParameter("kind", document.kind().text())
        .setParameter("name", document.name())
        .getResultStream()
        .map(PolicyStore::withoutContent)
        .toList();
  }

  private static Revision withoutContent(Object[] row) {
    return new Revision(
        (Integer) row[0],
        (Boolean) row[1] ? Optional.empty() : Optional.of(""),
        Mode.ofText((String) row[2]).orElseThrow(),
        Map.of(),
        (String) row[3],
        (Instant) row[4],
        (String) row[5],
        Optional.ofNullable((Integer) row[6]));
  }

  /** One revision of a document. */
  public Optional<Revision> revision(Document document, int number) {
    return entities
        .createQuery(
            "select r from PolicyRevision r left join fetch r.pins where r.networkId = :network"
                + " and r.kind = :kind and"
                + " r.name = :name and r.revision = :number",
            PolicyRevision.class)
        .setParameter(NETWORK, document.networkId())
        .setParameter("kind", document.kind().text())
        .setParameter("name", document.name())
        .setParameter("number", number)
        .getResultStream()
        .map(PolicyRevision::revision)
        .findFirst();
  }

  /**
   * Adds a revision. Two writers of one number cannot both win: the second violates the key of the
   * table.
   */
  public void add(Document document, Revision revision) {
    entities.persist(new PolicyRevision(document, revision));
  }
}
