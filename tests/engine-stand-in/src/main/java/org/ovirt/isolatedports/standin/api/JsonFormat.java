// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.api;

import com.fasterxml.jackson.core.JsonEncoding;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Trees as the engine's JSON: every scalar a string but times and floating point numbers. */
public final class JsonFormat {
  private static final JsonFactory FACTORY = new JsonFactory();
  private static final JsonMapper MAPPER =
      JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

  /** The members that are points in time; the engine writes them as numbers of milliseconds. */
  private static final Set<String> TIMES =
      Set.of("time", "start_time", "stop_time", "creation_time");

  private JsonFormat() {}

  /** The document in memory; for small ones. */
  public static byte[] write(Tree tree) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(1024);
    write(tree, out);
    return out.toByteArray();
  }

  /** Writes the document piece by piece, and closes the stream. */
  public static void write(Tree tree, OutputStream out) {
    try (JsonGenerator generator = FACTORY.createGenerator(out, JsonEncoding.UTF8)) {
      DefaultIndenter unix = new DefaultIndenter("  ", "\n");
      generator.setPrettyPrinter(new DefaultPrettyPrinter().withObjectIndenter(unix));
      writeTree(generator, tree);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void writeTree(JsonGenerator out, Tree tree) throws IOException {
    out.writeStartObject();
    for (Map.Entry<String, Object> member : tree.members().entrySet()) {
      out.writeFieldName(member.getKey());
      writeValue(out, member.getValue());
    }
    out.writeEndObject();
  }

  private static void writeValue(JsonGenerator out, Object value) throws IOException {
    if (value instanceof Tree child) {
      writeTree(out, child);
    } else if (value instanceof List<?> list) {
      out.writeStartArray();
      for (Object each : list) {
        writeValue(out, each);
      }
      out.writeEndArray();
    } else if (value instanceof Instant time) {
      out.writeNumber(time.toEpochMilli());
    } else if (value instanceof Double number) {
      if (number == Math.rint(number)) {
        out.writeNumber(number.longValue());
      } else {
        out.writeNumber(number);
      }
    } else {
      out.writeString(value.toString());
    }
  }

  /**
   * Reads a request body.
   *
   * @throws BadSyntaxException if it is not a JSON object
   */
  public static Tree read(byte[] document) throws BadSyntaxException {
    try {
      JsonNode root = MAPPER.readTree(document);
      if (root == null || !root.isObject()) {
        throw new BadSyntaxException("The body is not a JSON object.");
      }
      return tree(root);
    } catch (IOException e) {
      throw new BadSyntaxException(e);
    }
  }

  /** Reads a document of the engine's own, such as the shapes in this module's resources. */
  public static Tree readOwn(byte[] document) {
    try {
      return read(document);
    } catch (BadSyntaxException e) {
      throw new IllegalStateException("A document of the stand-in's own is broken.", e);
    }
  }

  private static Tree tree(JsonNode node) {
    Tree tree = new Tree();
    for (Map.Entry<String, JsonNode> field : node.properties()) {
      JsonNode value = field.getValue();
      if (!value.isNull()) {
        tree.putRaw(field.getKey(), value(field.getKey(), value));
      }
    }
    return tree;
  }

  private static Object value(String name, JsonNode node) {
    if (node.isObject()) {
      return tree(node);
    }
    if (node.isArray()) {
      List<Object> list = new ArrayList<>();
      node.forEach(each -> list.add(value(name, each)));
      return list;
    }
    if (node.isNumber() && TIMES.contains(name)) {
      return Instant.ofEpochMilli(node.longValue());
    }
    if (name.equals("speed") && node.isNumber()) {
      return node.doubleValue();
    }
    return node.asText();
  }
}
