// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.violations;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.ovirt.isolatedports.server.isolation.Enforcement;
import org.ovirt.isolatedports.server.isolation.IsolatedNetwork;
import org.ovirt.isolatedports.server.isolation.IsolatedNetworks;

/** The register in our database. */
@ApplicationScoped
public class StoredNetworks implements NetworkRegister {

  private final IsolatedNetworks store;

  @Inject
  public StoredNetworks(IsolatedNetworks store) {
    this.store = store;
  }

  @Override
  public List<Entry> all() {
    return store.all().stream()
        .map(
            network ->
                new Entry(
                    network.networkId(), network.name(), network.enforcement() == Enforcement.HOOK))
        .toList();
  }

  @Override
  public void adopt(UUID id, UUID dataCenterId, String name) {
    if (store.find(id).isEmpty()) {
      store.add(new IsolatedNetwork(id, dataCenterId, name, Enforcement.NATIVE, Instant.now()));
    }
  }

  @Override
  public void rename(UUID id, String name) {
    store.rename(id, name);
  }

  @Override
  public void remove(UUID id) {
    store.remove(id);
  }
}
