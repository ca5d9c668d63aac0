// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.api;

import java.util.AbstractList;
import java.util.List;

/**
 * The links below one address, made when they are looked at: a list of ten thousand VMs has four
 * hundred thousand of them, which would otherwise be in memory at once.
 */
public final class Links extends AbstractList<Tree> {
  private final String href;
  private final List<String> rels;

  /** A link for each name, to the address, slash, the name. */
  public Links(String href, List<String> rels) {
    this.href = href;
    this.rels = rels;
  }

  @Override
  public Tree get(int index) {
    String rel = rels.get(index);
    return new Tree().put("href", href + "/" + rel).put("rel", rel);
  }

  @Override
  public int size() {
    return rels.size();
  }
}
