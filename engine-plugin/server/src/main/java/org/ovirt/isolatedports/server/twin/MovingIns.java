// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.twin;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.persistence.EntityManager;
import jakarta.transaction.Transactional;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;

/** The networks whose VMs move to isolated twins. */
@ApplicationScoped
@Transactional
public class MovingIns {

  /**
   * A vNIC that was chosen.
   *
   * @param back whether it is to go back
   * @param refusal why it could not be moved when that was last tried; empty if it was not
   * @param by the REST id of the user who chose it; empty if that is not known
   */
  public record Chosen(boolean back, String refusal, Optional<UUID> by) {

    boolean isOf(UUID user) {
      return by.filter(user::equals).isPresent();
    }
  }

  private static final int LONGEST_REFUSAL = 2000;

  private final EntityManager entities;

  @Inject
  public MovingIns(EntityManager entities) {
    this.entities = entities;
  }

  /** That of a network. */
  public Optional<MovingIn> find(UUID networkId) {
    return Optional.ofNullable(entities.find(MovingIn.class, networkId));
  }

  /** Notes a twin before the engine is asked for it. */
  public void begin(MovingIn movingIn) {
    entities.persist(movingIn);
  }

  /** Another name for a twin that is not made yet. */
  public void nameTwin(UUID networkId, String name) {
    find(networkId).ifPresent(row -> row.nameTwin(name));
  }

  /** The twin is known, or it is known to be gone. */
  public void twin(UUID networkId, Optional<UUID> twin) {
    find(networkId).ifPresent(row -> row.twin(twin));
  }

  /** The labels that are to go over to the twin. */
  public void labels(UUID networkId, List<String> labels) {
    find(networkId).ifPresent(row -> row.labels(labels));
  }

  public void status(UUID networkId, MovingIn.Status status) {
    find(networkId).ifPresent(row -> row.status(status));
  }

  /** Forgets it, with all vNICs and profiles. */
  public void remove(UUID networkId) {
    find(networkId).ifPresent(entities::remove);
  }

  /** The twin's profiles, by those they stand for. */
  public Map<String, String> profiles(UUID networkId) {
    return entities
        .createQuery(
            "select p.profileId, p.twinProfileId from TwinProfile p where p.networkId = :id",
            Object[].class)
        .setParameter("id", networkId)
        .getResultStream()
        .collect(Collectors.toMap(row -> row[0].toString(), row -> row[1].toString()));
  }

  /** Notes which profile of the twin stands for one of the network (ON CONFLICT: native). */
  public void pair(UUID networkId, String profile, String twinProfile) {
    entities
        .createNativeQuery(
            "INSERT INTO moving_in_profile (network_id, profile_id, twin_profile_id)"
                + " VALUES (:id, :profile, :twin) ON CONFLICT (network_id, profile_id)"
                + " DO UPDATE SET twin_profile_id = excluded.twin_profile_id")
        .setParameter("id", networkId)
        .setParameter("profile", UUID.fromString(profile))
        .setParameter("twin", UUID.fromString(twinProfile))
        .executeUpdate();
  }

  /** The vNICs chosen, by their ids. */
  public Map<String, Chosen> chosen(UUID networkId) {
    Map<String, Chosen> found = new LinkedHashMap<>();
    entities
        .createQuery(
            "select v.nicId, v.back, v.refusal, v.chosenBy from ChosenVnic v"
                + " where v.networkId = :id order by v.nicId",
            Object[].class)
        .setParameter("id", networkId)
        .getResultStream()
        .forEach(
            row ->
                found.put(
                    row[0].toString(),
                    new Chosen(
                        (Boolean) row[1], (String) row[2], Optional.ofNullable((UUID) row[3]))));
    return found;
  }

  /** Chooses vNICs, to go there or back: with the rights of this user, and of nobody else. */
  public void choose(UUID networkId, Iterable<String> nics, boolean back, UUID user) {
    for (String nic : nics) {
      put(networkId, nic, new Chosen(back, "", Optional.of(user)));
    }
  }

  /** Notes why a vNIC could not be moved. */
  public void refused(UUID networkId, String nic, boolean back, String why, UUID user) {
    put(
        networkId,
        nic,
        new Chosen(
            back, why.substring(0, Math.min(why.length(), LONGEST_REFUSAL)), Optional.of(user)));
  }

  private void put(UUID networkId, String nic, Chosen chosen) {
    entities
        .createNativeQuery(
            "INSERT INTO moving_in_vnic (network_id, nic_id, back, refusal, chosen_by)"
                + " VALUES (:id, :nic, :back, :refusal, CAST(:by AS uuid))"
                + " ON CONFLICT (network_id, nic_id) DO UPDATE SET back = excluded.back,"
                + " refusal = excluded.refusal, chosen_by = excluded.chosen_by")
        .setParameter("id", networkId)
        .setParameter("nic", UUID.fromString(nic))
        .setParameter("back", chosen.back())
        .setParameter("refusal", chosen.refusal())
        .setParameter("by", chosen.by().map(UUID::toString).orElse(null))
        .executeUpdate();
  }

  /** A vNIC is where it should be; one that went back is no longer chosen. */
  public void arrived(UUID networkId, String nic, boolean back, UUID user) {
    if (back) {
      entities
          .createQuery("delete from ChosenVnic v where v.networkId = :id and v.nicId = :nic")
          .setParameter("id", networkId)
          .setParameter("nic", UUID.fromString(nic))
          .executeUpdate();
    } else {
      put(networkId, nic, new Chosen(false, "", Optional.of(user)));
    }
  }
}
