// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.scheduling.xmlrpc;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.ovirt.isolatedports.server.scheduling.decision.Deadline;
import org.ovirt.isolatedports.server.scheduling.decision.FilterAnswer;
import org.ovirt.isolatedports.server.scheduling.decision.FilterQuestion;
import org.ovirt.isolatedports.server.scheduling.decision.PolicyUnit;
import org.ovirt.isolatedports.server.scheduling.decision.Scheduler;
import org.ovirt.isolatedports.xmlrpc.XmlRpcCall;
import org.ovirt.isolatedports.xmlrpc.XmlRpcFault;
import org.ovirt.isolatedports.xmlrpc.XmlRpcReader;
import org.ovirt.isolatedports.xmlrpc.XmlRpcValue;

/**
 * The external scheduler protocol as the engine speaks it ({@code ExternalSchedulerBrokerImpl} and
 * {@code ExternalSchedulerBrokerObjectBuilder} of ovirt-engine 4.5): four methods, each answered by
 * a struct with {@code result_code}, {@code result}, {@code plugin_errors} and {@code errors},
 * except {@code discover}.
 *
 * <p>An answer without {@code result_code}, or with another shape of {@code result}, is an internal
 * error of the engine; a fault makes it go on as if we were not there. So a fault is only for calls
 * the engine does not make.
 */
public final class SchedulerProtocol {

  private static final int ID_LENGTH = 36;

  private static final int OK = 0;

  /** Any other number will do: the engine only asks whether it is 0. */
  private static final int WITH_ERRORS = 1;

  private final Scheduler scheduler;

  public SchedulerProtocol(Scheduler scheduler) {
    this.scheduler = scheduler;
  }

  /**
   * Answers a call.
   *
   * @throws XmlRpcFault if there is no such method, or it does not take such parameters
   */
  public XmlRpcValue answer(XmlRpcCall call, Deadline deadline) throws XmlRpcFault {
    return switch (call.method()) {
      case "discover" -> discover(call);
      case "runFilters" -> runFilters(call, deadline);
      case "runCostFunctions" -> runCostFunctions(call);
      case "runLoadBalancing" -> runLoadBalancing(call);
      default ->
          throw XmlRpcFault.noSuchMethod(
              "There is no method " + XmlRpcReader.quote(call.method()) + ".");
    };
  }

  private XmlRpcValue discover(XmlRpcCall call) throws XmlRpcFault {
    requireParams(call, 0);
    Map<String, XmlRpcValue> filters = new LinkedHashMap<>();
    for (PolicyUnit unit : scheduler.discover()) {
      filters.put(
          unit.name(), XmlRpcValue.Array.ofTexts(List.of(unit.description(), unit.properties())));
    }
    Map<String, XmlRpcValue> kinds = new LinkedHashMap<>();
    kinds.put("filters", new XmlRpcValue.Struct(filters));
    kinds.put("scores", new XmlRpcValue.Struct(Map.of()));
    kinds.put("balance", new XmlRpcValue.Struct(Map.of()));
    return new XmlRpcValue.Struct(kinds);
  }

  private XmlRpcValue runFilters(XmlRpcCall call, Deadline deadline) throws XmlRpcFault {
    requireParams(call, 4);
    FilterAnswer answer =
        scheduler.runFilters(
            new FilterQuestion(
                texts(call, 0), ids(call, 1), id(call, 2), properties(call, 3), deadline));
    return result(XmlRpcValue.Array.ofTexts(answer.hostIds()), answer.pluginErrors());
  }

  /** We offer no cost functions; one asked for is another scheduler's, left in the policy. */
  private XmlRpcValue runCostFunctions(XmlRpcCall call) throws XmlRpcFault {
    requireParams(call, 4);
    Map<String, List<String>> errors = new TreeMap<>();
    for (XmlRpcValue pair : array(call, 0)) {
      if (!(pair instanceof XmlRpcValue.Array functionAndFactor)
          || functionAndFactor.values().size() != 2
          || !(functionAndFactor.values().get(0) instanceof XmlRpcValue.Text function)
          || !(functionAndFactor.values().get(1) instanceof XmlRpcValue.Int)) {
        throw XmlRpcFault.invalidParams(
            "Parameter 1 of runCostFunctions takes pairs of a name and a factor.");
      }
      errors.put(
          function.value(),
          List.of(
              "Isolated Ports has no cost function "
                  + XmlRpcReader.quote(function.value())
                  + "; remove it from the scheduling policy."));
    }
    ids(call, 1);
    id(call, 2);
    properties(call, 3);
    return result(new XmlRpcValue.Array(List.of()), errors);
  }

  /**
   * We balance nothing: no VM to move and no hosts to move it to. This comes every minute, so an
   * unknown name is no error here, which would fill the engine's event log.
   */
  private XmlRpcValue runLoadBalancing(XmlRpcCall call) throws XmlRpcFault {
    requireParams(call, 3);
    text(call, 0);
    ids(call, 1);
    properties(call, 2);
    return result(
        new XmlRpcValue.Array(List.of(new XmlRpcValue.Text(""), new XmlRpcValue.Array(List.of()))),
        Map.of());
  }

  private static XmlRpcValue result(XmlRpcValue result, Map<String, List<String>> pluginErrors) {
    Map<String, XmlRpcValue> errors = new LinkedHashMap<>();
    new TreeMap<>(pluginErrors)
        .forEach((plugin, messages) -> errors.put(plugin, XmlRpcValue.Array.ofTexts(messages)));
    Map<String, XmlRpcValue> members = new LinkedHashMap<>();
    members.put("result_code", new XmlRpcValue.Int(errors.isEmpty() ? OK : WITH_ERRORS));
    members.put("result", result);
    members.put("plugin_errors", new XmlRpcValue.Struct(errors));
    members.put("errors", new XmlRpcValue.Array(List.of()));
    return new XmlRpcValue.Struct(members);
  }

  private static void requireParams(XmlRpcCall call, int count) throws XmlRpcFault {
    if (call.params().size() != count) {
      throw XmlRpcFault.invalidParams(
          call.method() + " takes " + count + " parameters, not " + call.params().size() + ".");
    }
  }

  private static List<XmlRpcValue> array(XmlRpcCall call, int index) throws XmlRpcFault {
    if (call.params().get(index) instanceof XmlRpcValue.Array array) {
      return array.values();
    }
    throw wrongType(call, index, "an array", call.params().get(index));
  }

  private static String text(XmlRpcCall call, int index) throws XmlRpcFault {
    if (call.params().get(index) instanceof XmlRpcValue.Text text) {
      return text.value();
    }
    throw wrongType(call, index, "a string", call.params().get(index));
  }

  private static List<String> texts(XmlRpcCall call, int index) throws XmlRpcFault {
    List<String> texts = new ArrayList<>();
    for (XmlRpcValue value : array(call, index)) {
      if (!(value instanceof XmlRpcValue.Text text)) {
        throw wrongType(call, index, "an array of strings", value);
      }
      texts.add(text.value());
    }
    return texts;
  }

  private static String id(XmlRpcCall call, int index) throws XmlRpcFault {
    return requireId(call, index, text(call, index));
  }

  private static List<String> ids(XmlRpcCall call, int index) throws XmlRpcFault {
    List<String> ids = texts(call, index);
    for (String id : ids) {
      requireId(call, index, id);
    }
    return ids;
  }

  private static String requireId(XmlRpcCall call, int index, String id) throws XmlRpcFault {
    if (!isId(id)) {
      throw XmlRpcFault.invalidParams(
          "Parameter "
              + (index + 1)
              + " of "
              + call.method()
              + " holds "
              + XmlRpcReader.quote(id)
              + ", which is not an id.");
    }
    return id;
  }

  /** Eight, four, four, four and twelve hexadecimal digits; asked for every host of a question. */
  private static boolean isId(String text) {
    if (text.length() != ID_LENGTH) {
      return false;
    }
    for (int i = 0; i < ID_LENGTH; i++) {
      char c = text.charAt(i);
      boolean hyphen = i == 8 || i == 13 || i == 18 || i == 23;
      if (hyphen ? c != '-' : !HexFormat.isHexDigit(c)) {
        return false;
      }
    }
    return true;
  }

  private static Map<String, String> properties(XmlRpcCall call, int index) throws XmlRpcFault {
    if (!(call.params().get(index) instanceof XmlRpcValue.Struct struct)) {
      throw wrongType(call, index, "a struct", call.params().get(index));
    }
    Map<String, String> properties = new LinkedHashMap<>();
    for (Map.Entry<String, XmlRpcValue> member : struct.members().entrySet()) {
      if (member.getValue() instanceof XmlRpcValue.Text text) {
        properties.put(member.getKey(), text.value());
      } else if (!(member.getValue() instanceof XmlRpcValue.Nil)) {
        throw wrongType(call, index, "a struct of strings", member.getValue());
      }
    }
    return properties;
  }

  private static XmlRpcFault wrongType(
      XmlRpcCall call, int index, String expected, XmlRpcValue found) {
    return XmlRpcFault.invalidParams(
        "Parameter "
            + (index + 1)
            + " of "
            + call.method()
            + " must be "
            + expected
            + "; it holds "
            + found.typeName()
            + ".");
  }
}
