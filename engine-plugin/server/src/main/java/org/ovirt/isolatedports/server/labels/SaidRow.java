// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.labels;

import jakarta.persistence.CollectionTable;
import jakarta.persistence.Column;
import jakarta.persistence.ElementCollection;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.IdClass;
import jakarta.persistence.JoinColumn;
import jakarta.persistence.MapKeyColumn;
import jakarta.persistence.Table;
import java.io.Serializable;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.ovirt.isolatedports.server.labels.Labels.Said;

/**
 * A row of {@code vm_said} with its labels and addresses: what was said of a vNIC, or of a VM,
 * whose own id then stands in the place of the vNIC's.
 */
@Entity
@Table(name = "vm_said")
@IdClass(SaidRow.Key.class)
class SaidRow {

  /** Of whom something was said. */
  public record Key(UUID vm, UUID vnic) implements Serializable {}

  @Id
  @Column(name = "vm_id")
  private UUID vm;

  @Id
  @Column(name = "vnic_id")
  private UUID vnic;

  private String namespace;

  @ElementCollection
  @CollectionTable(
      name = "vm_label",
      joinColumns = {
        @JoinColumn(name = "vm_id", referencedColumnName = "vm_id"),
        @JoinColumn(name = "vnic_id", referencedColumnName = "vnic_id")
      })
  @MapKeyColumn(name = "name")
  @Column(name = "value")
  private Map<String, String> labels = new HashMap<>();

  @ElementCollection
  @CollectionTable(
      name = "vnic_address",
      joinColumns = {
        @JoinColumn(name = "vm_id", referencedColumnName = "vm_id"),
        @JoinColumn(name = "vnic_id", referencedColumnName = "vnic_id")
      })
  @Column(name = "address")
  private Set<String> addresses = new HashSet<>();

  /** For Hibernate. */
  protected SaidRow() {}

  SaidRow(Key key) {
    this.vm = key.vm();
    this.vnic = key.vnic();
  }

  Said said() {
    return new Said(
        Optional.ofNullable(namespace), labels, new TreeSet<>(addresses).stream().toList());
  }

  void become(Said said) {
    namespace = said.namespace().orElse(null);
    labels.keySet().retainAll(said.labels().keySet());
    labels.putAll(said.labels());
    addresses.retainAll(said.addresses());
    addresses.addAll(said.addresses());
  }
}
