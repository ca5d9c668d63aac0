// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.options;

import jakarta.inject.Inject;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.NotFoundException;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Response;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.ovirt.isolatedports.engine.EngineAnswer;
import org.ovirt.isolatedports.inventory.CompatibilityLevel;
import org.ovirt.isolatedports.inventory.LevelGate;
import org.ovirt.isolatedports.server.http.Exchange;
import org.ovirt.isolatedports.server.http.fault.FaultException;

/**
 * {@code GET /options/{name}[?version=]}: the engine's, and the level gate, which no engine serves
 * (its client access level is internal), in the form of those it does.
 *
 * <p>A value has {@code restart_pending} while the running engine goes by the one before.
 */
@Path("options")
public class OptionsResource {

  private static final int NOT_FOUND = 404;
  private static final int UNAVAILABLE = 503;

  @Inject Exchange exchange;
  @Inject LevelGateWatch gates;

  @GET
  @Path("{name}")
  public Response get(@PathParam("name") String name, @QueryParam("version") String version) {
    // The engine is asked in any case: it judges the token.
    EngineAnswer answer = exchange.send();
    if (!name.equals(LevelGate.OPTION) || answer.status() != NOT_FOUND) {
      return Exchange.pass(answer);
    }
    GateView view = gates.current();
    LevelGate gate =
        view.gate()
            .orElseThrow(
                () ->
                    FaultException.operationFailed(
                        UNAVAILABLE,
                        "The level gate "
                            + LevelGate.OPTION
                            + " cannot be read: check the database connections of Isolated"
                            + " Ports"));
    List<Map<String, Object>> values = values(gate, view, Optional.ofNullable(version));
    if (values.isEmpty()) {
      throw new NotFoundException();
    }
    return exchange.ok("system_option", option(values));
  }

  private static List<Map<String, Object>> values(
      LevelGate gate, GateView view, Optional<String> version) {
    List<Map<String, Object>> values = new ArrayList<>();
    for (Map.Entry<CompatibilityLevel, Boolean> level : gate.supported().entrySet()) {
      if (version.isEmpty() || version.get().equals(level.getKey().toString())) {
        Map<String, Object> value = new LinkedHashMap<>();
        value.put("value", level.getValue().toString());
        value.put("version", level.getKey().toString());
        if (view.restartPending().contains(level.getKey())) {
          value.put("restart_pending", "true");
        }
        values.add(value);
      }
    }
    return values;
  }

  private static Map<String, Object> option(List<Map<String, Object>> values) {
    Map<String, Object> option = new LinkedHashMap<>();
    option.put("href", "/ovirt-isolated-ports/api/options/" + LevelGate.OPTION);
    option.put("id", LevelGate.OPTION);
    option.put("name", LevelGate.OPTION);
    option.put("values", Map.of("system_option_value", values));
    return option;
  }
}
