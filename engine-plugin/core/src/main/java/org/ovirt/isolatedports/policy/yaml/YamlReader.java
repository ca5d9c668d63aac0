// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.yaml;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.ovirt.isolatedports.policy.finding.PolicyException;
import org.ovirt.isolatedports.policy.finding.SourceLocation;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.events.AliasEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.events.NodeEvent;
import org.snakeyaml.engine.v2.events.ScalarEvent;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.ReaderException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/**
 * Reads YAML that may come from anyone: no anchors or aliases (the stuff of YAML bombs), no tags,
 * no duplicate keys, a limited size and depth. It works on the parser's events with a stack of its
 * own, so that deep nesting cannot overflow anything.
 */
public final class YamlReader {

  /** Largest file read, in bytes: room for some 200,000 rules. */
  public static final int MAX_BYTES = 32 * 1024 * 1024;

  /**
   * Longest line read, in characters. The parser's time grows with the square of the length of a
   * word or comment.
   */
  public static final int MAX_LINE = 64 * 1024;

  /** Deepest nesting read; a NetworkPolicy needs 10. */
  public static final int MAX_DEPTH = 32;

  private YamlReader() {}

  /** The name under which the standard input is read, as with other commands. */
  public static final Path STANDARD_INPUT = Path.of("-");

  /**
   * Reads a file, or whatever else can be read to its end: a pipe, a device, {@link
   * #STANDARD_INPUT}.
   *
   * @param file the file; at most {@link #MAX_BYTES}, UTF-8
   * @return its documents, those that say nothing left out
   * @throws PolicyException if it cannot be read or breaks a rule
   */
  public static List<YamlNode> read(Path file) throws PolicyException {
    String name = file.equals(STANDARD_INPUT) ? "standard input" : file.toString();
    SourceLocation start = new SourceLocation(name, 1, 1);
    try {
      if (file.equals(STANDARD_INPUT)) {
        return read(name, decode(name, bytes(System.in, start)));
      }
      if (Files.isDirectory(file)) {
        throw new PolicyException(start, "This is a directory; give the name of a file.");
      }
      if (Files.isRegularFile(file) && Files.size(file) > MAX_BYTES) {
        throw new PolicyException(start, tooLarge());
      }
      try (InputStream in = Files.newInputStream(file)) {
        return read(name, decode(name, bytes(in, start)));
      }
    } catch (NoSuchFileException e) {
      throw new PolicyException(start, "There is no such file; check the name.");
    } catch (AccessDeniedException e) {
      throw new PolicyException(start, "The file may not be read; check its permissions.");
    } catch (IOException e) {
      throw new PolicyException(
          start, "The file cannot be read: " + e.getMessage() + ". Check what it is.");
    }
  }

  private static byte[] bytes(InputStream in, SourceLocation start)
      throws IOException, PolicyException {
    byte[] bytes = in.readNBytes(MAX_BYTES + 1);
    if (bytes.length > MAX_BYTES) {
      throw new PolicyException(start, tooLarge());
    }
    return bytes;
  }

  private static String tooLarge() {
    return "The file has too many bytes; at most "
        + MAX_BYTES
        + " are read. Split it into several files.";
  }

  private static String decode(String name, byte[] bytes) throws PolicyException {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    CharBuffer out = CharBuffer.allocate(bytes.length);
    CoderResult result = StandardCharsets.UTF_8.newDecoder().decode(in, out, true);
    out.flip();
    String text = out.toString();
    if (result.isError()) {
      throw new PolicyException(
          new SourceText(name, text).location(text.length()),
          String.format(
              "The byte 0x%02x here is not UTF-8; save the file as UTF-8.",
              bytes[in.position()] & 0xff));
    }
    return text;
  }

  /** Reads text; {@code name} is what messages call it. */
  public static List<YamlNode> read(String name, String given) throws PolicyException {
    if (given.length() > MAX_BYTES) {
      throw new PolicyException(new SourceLocation(name, 1, 1), tooLarge());
    }
    // A byte order mark says how a file is encoded, and is no part of its text.
    String text = given.startsWith("\ufeff") ? given.substring(1) : given;
    checkLines(name, text);
    LoadSettings settings =
        LoadSettings.builder().setLabel(name).setCodePointLimit(MAX_BYTES).build();
    SourceText source = new SourceText(name, text);
    Builder builder = new Builder(name, source);
    try {
      for (Event event : new Parse(settings).parseString(text)) {
        builder.accept(event);
      }
    } catch (MarkedYamlEngineException e) {
      String problem = e.getProblem() == null ? "this is no valid YAML" : e.getProblem();
      throw new PolicyException(
          builder.location(e.getProblemMark()),
          "This is not YAML: " + problem + ". Check indentation, quotes and brackets here.");
    } catch (ReaderException e) {
      throw new PolicyException(
          source.location(text.offsetByCodePoints(0, e.getPosition())),
          String.format(
              "The character U+%04X here may not stand in YAML; remove it, or write it as"
                  + " \"\\u%04x\" in double quotes.",
              e.getCodePoint(), e.getCodePoint()));
    } catch (YamlEngineException | UncheckedIOException e) {
      throw new PolicyException(
          new SourceLocation(name, 1, 1),
          "This is not YAML: " + e.getMessage() + ". Write plain UTF-8 YAML.");
    }
    return builder.documents;
  }

  private static void checkLines(String name, String text) throws PolicyException {
    int line = 1;
    int start = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\n' || c == '\r') {
        boolean pair = c == '\n' && i > 0 && text.charAt(i - 1) == '\r';
        line += pair ? 0 : 1;
        start = i + 1;
      } else if (i - start >= MAX_LINE) {
        throw new PolicyException(
            new SourceLocation(name, line, MAX_LINE + 1),
            "The line has more than "
                + MAX_LINE
                + " characters, which is more than any policy needs. Break it into several lines.");
      }
    }
  }

  /** A collection that is being read. */
  private static final class Open {
    private final SourceLocation location;
    private final boolean mapping;
    private final List<YamlNode> items = new ArrayList<>();
    private final Map<String, YamlNode.Entry> entries = new LinkedHashMap<>();
    private Optional<YamlNode.Scalar> key = Optional.empty();

    Open(SourceLocation location, boolean mapping) {
      this.location = location;
      this.mapping = mapping;
    }

    YamlNode close() {
      return mapping
          ? new YamlNode.Mapping(entries, location)
          : new YamlNode.Sequence(items, location);
    }
  }

  private static final class Builder {
    private final String name;
    private final SourceText source;
    private final List<YamlNode> documents = new ArrayList<>();
    private final Deque<Open> open = new ArrayDeque<>();

    Builder(String name, SourceText source) {
      this.name = name;
      this.source = source;
    }

    SourceLocation location(Optional<Mark> mark) {
      return mark.map(m -> new SourceLocation(name, m.getLine() + 1, m.getColumn() + 1))
          .orElse(new SourceLocation(name, 1, 1));
    }

    void accept(Event event) throws PolicyException {
      SourceLocation location = location(event.getStartMark());
      if (event instanceof AliasEvent
          || (event instanceof NodeEvent node && node.getAnchor().isPresent())) {
        throw new PolicyException(
            location,
            "Anchors (&) and aliases (*) are not accepted, since they can blow up a small file."
                + " Write the value out.");
      }
      switch (event.getEventId()) {
        case Scalar -> add(scalar((ScalarEvent) event, location));
        case MappingStart, SequenceStart -> {
          if (open.size() >= MAX_DEPTH) {
            throw new PolicyException(
                location,
                "The nesting is deeper than " + MAX_DEPTH + " levels; no policy needs that.");
          }
          open.push(new Open(location, event.getEventId() == Event.ID.MappingStart));
        }
        case MappingEnd, SequenceEnd -> add(open.pop().close());
        default -> {
          // Start and end of stream and documents carry nothing.
        }
      }
    }

    private YamlNode.Scalar scalar(ScalarEvent event, SourceLocation location)
        throws PolicyException {
      if (event.getTag().isPresent()) {
        throw new PolicyException(
            location,
            "Tags (" + event.getTag().get() + ") are not accepted; write the plain value.");
      }
      YamlNode.Style style =
          switch (event.getScalarStyle()) {
            case SINGLE_QUOTED -> YamlNode.Style.SINGLE_QUOTED;
            case LITERAL -> YamlNode.Style.LITERAL;
            case FOLDED -> YamlNode.Style.FOLDED;
            case PLAIN -> YamlNode.Style.PLAIN;
            default -> YamlNode.Style.DOUBLE_QUOTED;
          };
      return new YamlNode.Scalar(event.getValue(), style, source, location);
    }

    private void add(YamlNode node) throws PolicyException {
      if (open.isEmpty()) {
        if (!node.saysNothing()) {
          documents.add(node);
        }
        return;
      }
      Open parent = open.peek();
      if (!parent.mapping) {
        parent.items.add(node);
      } else if (parent.key.isPresent()) {
        YamlNode.Scalar key = parent.key.get();
        parent.entries.put(key.text(), new YamlNode.Entry(key.location(), node));
        parent.key = Optional.empty();
      } else {
        parent.key = Optional.of(key(parent, node));
      }
    }

    private static YamlNode.Scalar key(Open parent, YamlNode node) throws PolicyException {
      if (!(node instanceof YamlNode.Scalar key)) {
        throw new PolicyException(
            node.location(), "A key must be a plain word; this is " + node.kind() + ".");
      }
      YamlNode.Entry earlier = parent.entries.get(key.text());
      if (earlier != null) {
        throw new PolicyException(
            key.location(),
            "The key \""
                + key.text()
                + "\" was already given at line "
                + earlier.keyLocation().line()
                + "; keep one of the two.");
      }
      return key;
    }
  }
}
