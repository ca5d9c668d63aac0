// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.body;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.UnaryOperator;

/** A JSON body of API v4. */
final class JsonBody implements ApiBody {

  private static final int MAX_DEPTH = 64;

  /** Jackson as strict as the engine, and stricter where two readers could disagree. */
  private static final ObjectMapper MAPPER =
      new ObjectMapper(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxNestingDepth(MAX_DEPTH).build())
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  /** The engine separates name and value by " : " and ends lines with a line feed. */
  private static final ObjectWriter WRITER =
      MAPPER.writer(new DefaultPrettyPrinter().withObjectIndenter(new DefaultIndenter("  ", "\n")));

  private final byte[] original;
  private final ObjectNode root;
  private final ObjectNode node;
  private final AtomicBoolean changed;

  private JsonBody(byte[] original, ObjectNode root, ObjectNode node, AtomicBoolean changed) {
    this.original = original;
    this.root = root;
    this.node = node;
    this.changed = changed;
  }

  static JsonBody read(byte[] bytes) {
    JsonNode tree;
    try {
      tree = MAPPER.readTree(bytes);
    } catch (JsonProcessingException e) {
      throw new MalformedBodyException(
          "The body is not well-formed JSON: " + e.getOriginalMessage() + ".");
    } catch (IOException e) {
      throw new MalformedBodyException("The body is not well-formed JSON in UTF-8.");
    }
    if (tree instanceof ObjectNode object) {
      if (holdsEscapes(bytes)) {
        refuseWhatIsNoText(object);
      }
      return new JsonBody(bytes, object, object, new AtomicBoolean());
    }
    throw new MalformedBodyException("The body must be one JSON object.");
  }

  /**
   * Refuses what JSON can escape and neither XML nor PostgreSQL can hold: U+0000 and half a
   * surrogate pair.
   */
  private static void refuseWhatIsNoText(JsonNode value) {
    if (value.isTextual()) {
      refuseWhatIsNoText(value.asText());
    }
    value.fieldNames().forEachRemaining(JsonBody::refuseWhatIsNoText);
    value.forEach(JsonBody::refuseWhatIsNoText);
  }

  /**
   * As bytes of their own both are refused by Jackson; large answers of the engine hold neither.
   */
  private static boolean holdsEscapes(byte[] bytes) {
    for (int i = 1; i < bytes.length; i++) {
      if (bytes[i] == 'u' && bytes[i - 1] == '\\') {
        return true;
      }
    }
    return false;
  }

  private static void refuseWhatIsNoText(String text) {
    if (text.indexOf(0) >= 0 || !StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
      throw new MalformedBodyException(
          "The body holds what is no character: U+0000 or half a surrogate pair.");
    }
  }

  static JsonBody create() {
    ObjectNode object = MAPPER.createObjectNode();
    return new JsonBody(new byte[0], object, object, new AtomicBoolean(true));
  }

  static byte[] fault(String reason, String detail) {
    ObjectNode fault = MAPPER.createObjectNode();
    fault.put("detail", detail);
    fault.put("reason", reason);
    return write(fault);
  }

  private static byte[] write(ObjectNode tree) {
    try {
      return WRITER.writeValueAsBytes(tree);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("A tree of plain nodes can always be written", e);
    }
  }

  @Override
  public Optional<String> text(String field) {
    JsonNode value = node.get(field);
    return value == null || value.isNull() || !value.isValueNode()
        ? Optional.empty()
        : Optional.of(value.asText());
  }

  @Override
  public boolean has(String field) {
    return node.hasNonNull(field);
  }

  @Override
  public void require(Shape.Entity shape) {
    require(node, shape);
  }

  private static void require(ObjectNode holder, Shape.Entity shape) {
    shape
        .fields()
        .forEach(
            (field, wanted) -> {
              if (holder.hasNonNull(field)) {
                require(field, holder.get(field), wanted);
              }
            });
  }

  private static void require(String field, JsonNode value, Shape shape) {
    if (shape instanceof Shape.Entity entity) {
      if (!(value instanceof ObjectNode object)) {
        throw wrongType(field, "an object", value);
      }
      require(object, entity);
    } else if (shape instanceof Shape.Items items) {
      requireItems(field, value, items);
    } else {
      if (!value.isValueNode() || value.isNull()) {
        throw wrongType(field, "a single value", value);
      }
      Shape.requireText(field, value.asText(), shape);
    }
  }

  private static void requireItems(String field, JsonNode value, Shape.Items items) {
    JsonNode list = value;
    if (value instanceof ObjectNode object) {
      if (!object.hasNonNull(items.element())) {
        return;
      }
      list = object.get(items.element());
    }
    if (!list.isArray()) {
      throw wrongType(field, "a list of " + items.element(), value);
    }
    list.forEach(item -> require(items.element(), item, items.each()));
  }

  private static MalformedBodyException wrongType(String field, String wanted, JsonNode value) {
    return new MalformedBodyException(
        "The field \""
            + field
            + "\" must be "
            + wanted
            + ", not "
            + value.getNodeType().name().toLowerCase(Locale.ROOT)
            + ".");
  }

  @Override
  public Set<String> names() {
    Set<String> names = new LinkedHashSet<>();
    node.fieldNames().forEachRemaining(names::add);
    return names;
  }

  @Override
  public Optional<ApiBody> child(String field) {
    return node.get(field) instanceof ObjectNode child
        ? Optional.of(entity(child))
        : Optional.empty();
  }

  @Override
  public List<ApiBody> items(String element) {
    List<ApiBody> items = new ArrayList<>();
    for (JsonNode item : node.path(element)) {
      if (item instanceof ObjectNode object) {
        items.add(entity(object));
      }
    }
    return items;
  }

  @Override
  public List<ApiBody> list(String list, String element) {
    JsonNode holder = node.path(list);
    List<ApiBody> items = new ArrayList<>();
    for (JsonNode item : holder.isArray() ? holder : holder.path(element)) {
      if (item instanceof ObjectNode object) {
        items.add(entity(object));
      }
    }
    return items;
  }

  @Override
  public List<ApiBody> everywhere(String element) {
    List<ApiBody> found = new ArrayList<>();
    for (JsonNode value : root.findValues(element)) {
      if (value instanceof ObjectNode object) {
        found.add(entity(object));
      }
      for (JsonNode item : value.isArray() ? value : MAPPER.createArrayNode()) {
        if (item instanceof ObjectNode object) {
          found.add(entity(object));
        }
      }
    }
    return found;
  }

  @Override
  public Optional<List<String>> texts(String list, String element) {
    JsonNode holder = node.get(list);
    if (holder == null || holder.isNull()) {
      return Optional.empty();
    }
    List<String> texts = new ArrayList<>();
    // The engine writes {"usage": [...]} and also reads a bare array.
    for (JsonNode item : holder.isArray() ? holder : holder.path(element)) {
      texts.add(item.asText());
    }
    return Optional.of(texts);
  }

  @Override
  public void set(String field, String value) {
    node.put(field, value);
    changed.set(true);
  }

  @Override
  public void append(String list, String element, Map<String, String> fields) {
    ObjectNode item = listOf(list, element).addObject();
    fields.forEach(item::put);
    changed.set(true);
  }

  private ArrayNode listOf(String list, String element) {
    JsonNode holder = node.get(list);
    if (holder instanceof ArrayNode bare) {
      return bare;
    }
    ObjectNode object = holder instanceof ObjectNode known ? known : node.putObject(list);
    return object.get(element) instanceof ArrayNode items ? items : object.putArray(element);
  }

  @Override
  public void setTexts(String list, String element, List<String> texts) {
    ArrayNode items = node.putObject(list).putArray(element);
    texts.forEach(items::add);
    changed.set(true);
  }

  @Override
  public void changeHrefs(UnaryOperator<String> change) {
    for (JsonNode parent : root.findParents("href")) {
      if (parent instanceof ObjectNode object && object.get("href").isTextual()) {
        String before = object.get("href").textValue();
        String after = change.apply(before);
        if (!after.equals(before)) {
          object.put("href", after);
          changed.set(true);
        }
      }
    }
  }

  @Override
  public String canonical(Set<String> without) {
    StringBuilder text = new StringBuilder();
    canonical(node, without, text);
    return text.toString();
  }

  private static void canonical(JsonNode value, Set<String> without, StringBuilder text) {
    if (value instanceof ObjectNode object) {
      text.append('{');
      List<String> names = new ArrayList<>();
      object.fieldNames().forEachRemaining(names::add);
      Collections.sort(names);
      for (String name : names) {
        if (!without.contains(name)) {
          text.append(TextNode.valueOf(name)).append(':');
          canonical(object.get(name), without, text);
        }
      }
      text.append('}');
    } else if (value.isArray()) {
      text.append('[');
      value.forEach(item -> canonical(item, without, text));
      text.append(']');
    } else {
      text.append(TextNode.valueOf(value.asText()));
    }
  }

  @Override
  public void remove(String field) {
    if (node.remove(field) != null) {
      changed.set(true);
    }
  }

  @Override
  public Optional<Boolean> flag(String field) {
    JsonNode value = node.get(field);
    if (value == null || value.isNull()) {
      return Optional.empty();
    }
    if (value.isBoolean()) {
      return Optional.of(value.booleanValue());
    }
    if (value.isTextual() && value.textValue().equals("true")) {
      return Optional.of(true);
    }
    if (value.isTextual() && value.textValue().equals("false")) {
      return Optional.of(false);
    }
    throw new MalformedBodyException(
        "The field \"" + field + "\" must be true or false, not " + value + ".");
  }

  @Override
  public byte[] toBytes() {
    return changed.get() ? write(root) : original;
  }

  private ApiBody entity(ObjectNode child) {
    return new JsonBody(original, root, child, changed);
  }
}
