// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.labels;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.persistence.EntityManager;
import jakarta.transaction.Transactional;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;

/** What administrators said of VMs and vNICs. */
@ApplicationScoped
@Transactional
public class LabelStore implements Labels {

  private final EntityManager entities;

  @Inject
  public LabelStore(EntityManager entities) {
    this.entities = entities;
  }

  /** A VM, or one of its vNICs. */
  public record Subject(UUID vm, Optional<UUID> vnic) {

    private SaidRow.Key key() {
      return new SaidRow.Key(vm, vnic.orElse(vm));
    }
  }

  /** What is gathered of a subject, row by row. */
  private static final class Gathered {
    private Optional<String> namespace = Optional.empty();
    private final Map<String, String> labels = new TreeMap<>();
    private final List<String> addresses = new ArrayList<>();

    private Said said() {
      return new Said(namespace, labels, addresses);
    }
  }

  @Override
  public All all() {
    Map<List<UUID>, Gathered> gathered = new HashMap<>();
    for (Object[] row : rows("select s.vm, s.vnic, s.namespace from SaidRow s")) {
      of(gathered, row).namespace = Optional.ofNullable((String) row[2]);
    }
    for (Object[] row :
        rows("select s.vm, s.vnic, key(l), value(l) from SaidRow s join s.labels l")) {
      of(gathered, row).labels.put((String) row[2], (String) row[3]);
    }
    for (Object[] row :
        rows("select s.vm, s.vnic, a from SaidRow s join s.addresses a order by a")) {
      of(gathered, row).addresses.add((String) row[2]);
    }
    Map<UUID, Said> vms = new HashMap<>();
    Map<UUID, Said> vnics = new HashMap<>();
    gathered.forEach(
        (ids, all) -> (ids.get(0).equals(ids.get(1)) ? vms : vnics).put(ids.get(1), all.said()));
    return new All(vms, vnics);
  }

  private static Gathered of(Map<List<UUID>, Gathered> gathered, Object[] row) {
    return gathered.computeIfAbsent(List.of((UUID) row[0], (UUID) row[1]), ids -> new Gathered());
  }

  private List<Object[]> rows(String query) {
    return entities.createQuery(query, Object[].class).getResultList();
  }

  /** What is said of a VM or vNIC itself; a vNIC's VM is not looked at. */
  public Said of(Subject subject) {
    return Optional.ofNullable(entities.find(SaidRow.class, subject.key()))
        .map(SaidRow::said)
        .orElse(Said.NOTHING);
  }

  /** Says something else of a VM or vNIC; nothing forgets it. */
  public void set(Subject subject, Said said) {
    SaidRow row = entities.find(SaidRow.class, subject.key());
    if (said.equals(Said.NOTHING)) {
      if (row != null) {
        entities.remove(row);
      }
      return;
    }
    if (row == null) {
      row = new SaidRow(subject.key());
      row.become(said);
      entities.persist(row);
    } else {
      row.become(said);
    }
  }
}
