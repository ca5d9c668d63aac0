// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.engine;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/** Entities of one kind by id, in the order they came; readers get a snapshot. */
final class Store<T> {
  private final Map<UUID, T> entities = new LinkedHashMap<>();
  private List<T> snapshot = List.of();

  synchronized Optional<T> get(UUID id) {
    return Optional.ofNullable(entities.get(id));
  }

  synchronized void put(UUID id, T entity) {
    entities.put(id, entity);
    snapshot = null;
  }

  /** Changes an entity that is there; does nothing where it is gone. */
  synchronized void update(UUID id, UnaryOperator<T> change) {
    if (entities.computeIfPresent(id, (key, entity) -> change.apply(entity)) != null) {
      snapshot = null;
    }
  }

  synchronized boolean remove(UUID id) {
    snapshot = null;
    return entities.remove(id) != null;
  }

  synchronized List<T> all() {
    if (snapshot == null) {
      snapshot = List.copyOf(entities.values());
    }
    return snapshot;
  }

  synchronized int size() {
    return entities.size();
  }

  List<T> where(Predicate<? super T> condition) {
    return all().stream().filter(condition).toList();
  }

  Optional<T> first(Predicate<? super T> condition) {
    return all().stream().filter(condition).findFirst();
  }
}
