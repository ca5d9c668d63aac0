// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.http;

import java.util.List;
import org.ovirt.isolatedports.body.ApiBody;

/** What our answers tell of a network that the engine does not. */
public interface NetworkFields {

  /**
   * Merges what only we know into networks of an answer.
   *
   * <p>A mere link to a network (an id and an href) stays one.
   */
  void mergeInto(List<ApiBody> networks);
}
