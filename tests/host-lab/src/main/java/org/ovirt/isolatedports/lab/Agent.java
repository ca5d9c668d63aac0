// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;

/** Talks to the native agent (agent.c) of a guest or of the gateway over a Unix socket. */
final class Agent implements Closeable {

  /** An answer: the agent's status, 0 for success, and its text. */
  record Answer(int status, String text) {}

  private final String name;
  private final SocketChannel channel;
  private final AtomicLong nextId = new AtomicLong();
  private final Map<String, CompletableFuture<Answer>> waiting = new ConcurrentHashMap<>();

  private Agent(String name, SocketChannel channel) {
    this.name = name;
    this.channel = channel;
  }

  /**
   * Connects; requests sent before the other side is up are answered once it is.
   *
   * @param name whose agent it is, for messages
   */
  static Agent connect(String name, Path socket) {
    try {
      SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
      channel.connect(UnixDomainSocketAddress.of(socket));
      Agent agent = new Agent(name, channel);
      Thread reader = new Thread(agent::read, "lab-agent-" + name);
      reader.setDaemon(true);
      reader.start();
      return agent;
    } catch (IOException e) {
      throw new LabException(
          "The control channel of '%s' at %s does not answer.".formatted(name, socket), e);
    }
  }

  /** Sends a request and waits for its answer. */
  Answer ask(Duration limit, String request) {
    String id = Long.toString(nextId.incrementAndGet());
    CompletableFuture<Answer> answer = new CompletableFuture<>();
    waiting.put(id, answer);
    try {
      write(id + " " + request + "\n");
      return answer.get(Poll.patient(limit).toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw new LabException(
          "'%s' did not answer '%s' within %d s."
              .formatted(name, abbreviate(request), Poll.patient(limit).toSeconds()),
          e);
    } catch (ExecutionException | IOException e) {
      throw new LabException(
          "The control channel of '%s' ended during '%s'.".formatted(name, abbreviate(request)), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LabException("Interrupted while waiting for '%s'.".formatted(name), e);
    } finally {
      waiting.remove(id);
    }
  }

  /** The text of an answer that must be a success, as lines. */
  List<String> lines(Duration limit, String request) {
    Answer answer = ask(limit, request);
    if (answer.status() != 0) {
      throw new LabException(
          "'%s' answered '%s' with status %d: %s"
              .formatted(name, abbreviate(request), answer.status(), answer.text().strip()));
    }
    return answer.text().lines().toList();
  }

  private static String abbreviate(String request) {
    return request.length() <= 80 ? request : request.substring(0, 80) + "...";
  }

  private synchronized void write(String text) throws IOException {
    ByteBuffer bytes = UTF_8.encode(text);
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  private void read() {
    try (DataInputStream input = new DataInputStream(Channels.newInputStream(channel))) {
      while (true) {
        String[] head = readLine(input).split(" ", -1);
        byte[] text = input.readNBytes(Integer.parseInt(head[2]));
        CompletableFuture<Answer> answer = waiting.get(head[0]);
        if (answer != null) {
          answer.complete(new Answer(Integer.parseInt(head[1]), new String(text, UTF_8)));
        }
      }
    } catch (IOException | RuntimeException e) {
      waiting.values().forEach(answer -> answer.completeExceptionally(e));
    }
  }

  private static String readLine(DataInputStream input) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (byte next = input.readByte(); next != '\n'; next = input.readByte()) {
      line.write(next);
    }
    return line.toString(UTF_8);
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      // Nothing is kept on this side of the channel.
    }
  }
}
