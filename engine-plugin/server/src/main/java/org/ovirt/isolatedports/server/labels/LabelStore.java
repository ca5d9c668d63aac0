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

    private UUID second() {
      return vnic.orElse(vm);
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
    for (Object[] row : rows("SELECT vm_id, vnic_id, namespace FROM vm_said")) {
      of(gathered, row).namespace = Optional.ofNullable((String) row[2]);
    }
    for (Object[] row : rows("SELECT vm_id, vnic_id, name, value FROM vm_label")) {
      of(gathered, row).labels.put((String) row[2], (String) row[3]);
    }
    for (Object[] row : rows("SELECT vm_id, vnic_id, address FROM vnic_address ORDER BY address")) {
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

  private List<Object[]> rows(String sql) {
    List<Object[]> rows = new ArrayList<>();
    for (Object row : entities.createNativeQuery(sql).getResultList()) {
      rows.add((Object[]) row);
    }
    return rows;
  }

  /** What is said of a VM or vNIC itself; a vNIC's VM is not looked at. */
  public Said of(Subject subject) {
    Gathered found = new Gathered();
    for (Object namespace : texts("SELECT namespace FROM vm_said", subject)) {
      found.namespace = Optional.ofNullable((String) namespace);
    }
    for (Object row : texts("SELECT name, value FROM vm_label", subject)) {
      Object[] label = (Object[]) row;
      found.labels.put((String) label[0], (String) label[1]);
    }
    for (Object address : texts("SELECT address FROM vnic_address", subject)) {
      found.addresses.add((String) address);
    }
    found.addresses.sort(null);
    return found.said();
  }

  private List<?> texts(String select, Subject subject) {
    return entities
        .createNativeQuery(select + " WHERE vm_id = :vm AND vnic_id = :vnic")
        .setParameter("vm", subject.vm())
        .setParameter("vnic", subject.second())
        .getResultList();
  }

  /** Says something else of a VM or vNIC; nothing forgets it. */
  public void set(Subject subject, Said said) {
    entities
        .createNativeQuery("DELETE FROM vm_said WHERE vm_id = :vm AND vnic_id = :vnic")
        .setParameter("vm", subject.vm())
        .setParameter("vnic", subject.second())
        .executeUpdate();
    if (said.equals(Said.NOTHING)) {
      return;
    }
    insert("vm_said (vm_id, vnic_id, namespace) VALUES (:vm, :vnic, CAST(:first AS text))", subject)
        .setParameter("first", said.namespace().orElse(null))
        .executeUpdate();
    said.labels()
        .forEach(
            (name, value) ->
                insert(
                        "vm_label (vm_id, vnic_id, name, value) VALUES (:vm, :vnic, :first, :second)",
                        subject)
                    .setParameter("first", name)
                    .setParameter("second", value)
                    .executeUpdate());
    said.addresses()
        .forEach(
            address ->
                insert(
                        "vnic_address (vm_id, vnic_id, address) VALUES (:vm, :vnic, :first)",
                        subject)
                    .setParameter("first", address)
                    .executeUpdate());
  }

  private jakarta.persistence.Query insert(String into, Subject subject) {
    return entities
        .createNativeQuery("INSERT INTO " + into)
        .setParameter("vm", subject.vm())
        .setParameter("vnic", subject.second());
  }
}
