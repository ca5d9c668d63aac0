// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.scheduling.xmlrpc;

import java.net.MalformedURLException;
import java.net.URI;
import java.util.List;
import java.util.Map;
import org.apache.xmlrpc.XmlRpcException;
import org.apache.xmlrpc.client.XmlRpcClient;
import org.apache.xmlrpc.client.XmlRpcClientConfigImpl;

/**
 * Calls a scheduler as the engine does: the same client library, set up the same way, a new client
 * a call, the arguments in the same shapes ({@code ExternalSchedulerBrokerImpl} of ovirt-engine
 * 4.5).
 */
public final class EngineSchedulerClient {

  private final XmlRpcClientConfigImpl config = new XmlRpcClientConfigImpl();

  public EngineSchedulerClient(int port) {
    config.setEnabledForExtensions(true);
    config.setConnectionTimeout(100);
    config.setReplyTimeout(120_000);
    try {
      config.setServerURL(URI.create("http://127.0.0.1:" + port + "/").toURL());
    } catch (MalformedURLException e) {
      throw new IllegalArgumentException(e);
    }
  }

  Object discover() throws XmlRpcException {
    return execute("discover");
  }

  public Object runFilters(
      List<String> filters, List<String> hosts, String vm, Map<String, String> properties)
      throws XmlRpcException {
    return execute("runFilters", filters, hosts.toArray(new String[0]), vm, properties);
  }

  Object runCostFunctions(
      String function, int factor, List<String> hosts, String vm, Map<String, String> properties)
      throws XmlRpcException {
    Object[] pairs = {new Object[] {function, factor}};
    return execute("runCostFunctions", pairs, hosts.toArray(new String[0]), vm, properties);
  }

  Object runLoadBalancing(String name, List<String> hosts, Map<String, String> properties)
      throws XmlRpcException {
    return execute("runLoadBalancing", name, hosts.toArray(new String[0]), properties);
  }

  Object execute(String method, Object... arguments) throws XmlRpcException {
    XmlRpcClient client = new XmlRpcClient();
    client.setConfig(config);
    return client.execute(method, arguments);
  }
}
