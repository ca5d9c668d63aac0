// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.api;

import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.ovirt.engine.sdk4.types.Network;

/**
 * Which members a request may carry, and of which kind, taken from the types of
 * ovirt-engine-sdk-java: they are generated from the same model of API v4 as the engine's readers.
 *
 * <p>The engine's two readers refuse differently (recordings 033b, 033i, 080f): an unknown member
 * is an HTML page in JSON and "syntactically incorrect" in XML; a bad truth value is "syntactically
 * incorrect" in JSON and explained in XML.
 */
public final class Schema {
  /** The two ways a body can be written. */
  public enum Syntax {
    XML,
    JSON
  }

  /** Members every element may have, whatever its type. */
  private static final Set<String> ALWAYS = Set.of("href", "id", "link", "actions", "rel");

  private final boolean knowsPortIsolation;
  private final Map<Class<?>, Map<String, Type>> members = new ConcurrentHashMap<>();

  /**
   * The model of an engine.
   *
   * @param knowsPortIsolation whether a network may carry {@code port_isolation} (4.4.3 and newer)
   */
  public Schema(boolean knowsPortIsolation) {
    this.knowsPortIsolation = knowsPortIsolation;
  }

  /**
   * Checks a body against the model.
   *
   * @param type the SDK type the engine would read, such as {@link Network}
   * @param usage the part of the API documentation the engine points to ({@link
   *     #syntacticallyIncorrect})
   * @throws ApiException 400, in the form the engine gives it
   */
  public void check(Tree body, Class<?> type, Syntax syntax, String usage) {
    for (Map.Entry<String, Object> member : body.members().entrySet()) {
      String name = member.getKey();
      Type kind = membersOf(type).get(name);
      // A VLAN's id is a number of the model, every other one is a text of the engine's own.
      if (ALWAYS.contains(name) && kind != BigInteger.class) {
        continue;
      }
      if (kind == null) {
        throw unknown(name, type, syntax, usage);
      }
      checkValue(member.getValue(), kind, syntax, usage);
      if (name.equals("custom_id") && !fitsInt(member.getValue().toString())) {
        throw syntacticallyIncorrect(usage);
      }
    }
  }

  private static boolean fitsInt(String number) {
    long value = Long.parseLong(number);
    return value >= Integer.MIN_VALUE && value <= Integer.MAX_VALUE;
  }

  private void checkValue(Object value, Type kind, Syntax syntax, String usage) {
    if (kind instanceof ParameterizedType list) {
      if (value instanceof Tree holder) {
        Type item = list.getActualTypeArguments()[0];
        for (Object each : holder.members().values()) {
          for (Object one : each instanceof List<?> many ? many : List.of(each)) {
            checkValue(one, item, syntax, usage);
          }
        }
      }
    } else if (kind instanceof Class<?> type) {
      if (value instanceof Tree child) {
        check(child, type, syntax, usage);
      } else {
        checkScalar(value.toString(), type, syntax, usage);
      }
    }
  }

  private static void checkScalar(String text, Class<?> type, Syntax syntax, String usage) {
    if (type == boolean.class && !isBoolean(text, syntax)) {
      throw syntax == Syntax.JSON
          ? syntacticallyIncorrect(usage)
          : invalid(
              "Value \""
                  + text
                  + "\" isn't a valid boolean, it should be \"true\" , \"false\", \"0\" or \"1\"");
    }
    if (type == BigInteger.class && !text.matches("-?\\d{1,18}")) {
      throw syntax == Syntax.JSON
          ? syntacticallyIncorrect(usage)
          : invalid("The text \"" + text + "\" isn't a valid integer value.");
    }
    if (type.isEnum()) {
      List<String> values = valuesOf(type);
      if (!values.contains(text.toLowerCase(Locale.ROOT))) {
        throw syntax == Syntax.JSON
            ? syntacticallyIncorrect(usage)
            : invalid(
                "The string '"
                    + text
                    + "' isn't a valid value for the '"
                    + type.getSimpleName()
                    + "' enumerated type. Valid values are: "
                    + values.stream()
                        .map(each -> "'" + each + "'")
                        .collect(Collectors.joining(", "))
                    + ".");
      }
    }
  }

  private static boolean isBoolean(String text, Syntax syntax) {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "true", "false" -> true;
      case "0", "1" -> syntax == Syntax.XML;
      default -> false;
    };
  }

  private static List<String> valuesOf(Class<?> type) {
    // The order of the engine's message is its own for severities: normal, warning, error, alert.
    List<String> values =
        Arrays.stream(type.getEnumConstants())
            .map(each -> ((Enum<?>) each).name().toLowerCase(Locale.ROOT))
            .toList();
    return type.getSimpleName().equals("LogSeverity")
        ? List.of("normal", "warning", "error", "alert")
        : values;
  }

  private ApiException unknown(String name, Class<?> type, Syntax syntax, String usage) {
    return syntax == Syntax.JSON
        ? ApiException.html(
            400,
            "Unrecognized field &quot;"
                + name
                + "&quot; (class org.ovirt.engine.api.model."
                + type.getSimpleName()
                + "), not marked as ignorable")
        : syntacticallyIncorrect(usage);
  }

  /**
   * What the engine says of a body it cannot read.
   *
   * @param usage absolute URL of the method's documentation
   */
  public static ApiException syntacticallyIncorrect(String usage) {
    return ApiException.fault(
        400, "Request syntactically incorrect.", "For correct usage, see: " + usage);
  }

  private static ApiException invalid(String detail) {
    return ApiException.fault(400, "Invalid value", detail);
  }

  private Map<String, Type> membersOf(Class<?> type) {
    return members.computeIfAbsent(type, this::read);
  }

  private Map<String, Type> read(Class<?> type) {
    Map<String, Type> all = new TreeMap<>();
    for (Method method : type.getMethods()) {
      if (method.getParameterCount() == 0 && hasPresence(type, method)) {
        all.put(snakeCase(method.getName()), method.getGenericReturnType());
      }
    }
    if (type == Network.class && !knowsPortIsolation) {
      all.remove("port_isolation");
    }
    return all;
  }

  private static boolean hasPresence(Class<?> type, Method method) {
    try {
      type.getMethod(method.getName() + "Present");
      return true;
    } catch (NoSuchMethodException e) {
      return false;
    }
  }

  private static String snakeCase(String camelCase) {
    StringBuilder name = new StringBuilder();
    for (int i = 0; i < camelCase.length(); i++) {
      char c = camelCase.charAt(i);
      if (Character.isUpperCase(c)) {
        name.append('_').append(Character.toLowerCase(c));
      } else {
        name.append(c);
      }
    }
    // A word of Java's own gets an underscore in the SDK: clone_.
    return name.toString().endsWith("_") ? name.substring(0, name.length() - 1) : name.toString();
  }
}
