// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.xmlrpc;

import java.util.List;

/**
 * A method call as it came over the wire.
 *
 * @param method the method's name
 * @param params its parameters
 */
public record XmlRpcCall(String method, List<XmlRpcValue> params) {

  public XmlRpcCall {
    params = List.copyOf(params);
  }
}
