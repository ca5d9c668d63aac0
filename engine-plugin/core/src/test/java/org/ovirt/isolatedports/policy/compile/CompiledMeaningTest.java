// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.compile;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.ovirt.isolatedports.policy.evaluate.Endpoint;
import org.ovirt.isolatedports.policy.evaluate.Evaluator;
import org.ovirt.isolatedports.policy.match.Field;
import org.ovirt.isolatedports.policy.match.Packet;
import org.ovirt.isolatedports.policy.match.RandomMatches;
import org.ovirt.isolatedports.policy.resolve.ResolvedNetwork;

/** A compiled ruleset does to any frame what the evaluator says the policies do to it. */
class CompiledMeaningTest {

  @Property(tries = 120)
  void aclsMeanTheSameCompiled(@ForAll Random random) throws CompileException {
    compare(RandomPolicies.acls(random, 1 + random.nextInt(30)), random);
  }

  @Property(tries = 100)
  void aclsFoldedIntoMapsMeanTheSame(@ForAll Random random) throws CompileException {
    compare(RandomPolicies.foldingAcls(random, 1 + random.nextInt(40)), random);
  }

  @Property(tries = 100)
  void networkPoliciesMeanTheSameCompiled(@ForAll Random random) throws CompileException {
    compare(RandomPolicies.networkPolicies(random, 1 + random.nextInt(5)), random);
  }

  @Property(tries = 100)
  void rolesBindingsAndAllTogetherMeanTheSameCompiled(@ForAll Random random)
      throws CompileException {
    compare(RandomPolicies.everything(random), random);
  }

  /** The two hosts the VMs of {@link RandomPolicies} run on. */
  private static final List<String> HOSTS = List.of("h1", "h2");

  private static void compare(ResolvedNetwork network, Random random) throws CompileException {
    Map<String, NftInterpreter> kernels = new HashMap<>();
    for (String host : HOSTS) {
      Ruleset ruleset = HostCompiler.compile(host, HostCapabilities.ALL, Map.of("net", network));
      kernels.put(host, new NftInterpreter(ruleset.toJson()));
    }
    Evaluator evaluator = new Evaluator(network);
    for (int i = 0; i < 120; i++) {
      Endpoint from = RandomPolicies.end(random, network);
      Endpoint to = RandomPolicies.end(random, network);
      if (from.equals(to)) {
        continue;
      }
      Packet packet = RandomMatches.packet(random);
      boolean crosses = !host(network, from).equals(host(network, to));
      if (random.nextInt(4) > 0 || crosses || from instanceof Endpoint.Uplink) {
        // A forged MAC means nothing on another host than the forger's, where it is held.
        packet.set(Field.ETH_SRC, RandomPolicies.mac(random, network, from));
        packet.set(Field.ARP_SHA, packet.get(Field.ETH_SRC));
      }
      packet.set(Field.ETH_DST, RandomPolicies.mac(random, network, to));
      boolean reply = random.nextInt(5) == 0 && isTracked(packet);
      boolean expected = evaluator.decide(from, to, packet, reply).passes();
      assertThat(passes(kernels, network, from, to, packet, reply))
          .as(() -> explain(network, evaluator, from, to, packet, reply))
          .isEqualTo(expected);
    }
  }

  /** Sends a frame over the bridges of all hosts on its way. */
  private static boolean passes(
      Map<String, NftInterpreter> kernels,
      ResolvedNetwork network,
      Endpoint from,
      Endpoint to,
      Packet packet,
      boolean reply) {
    for (String host : HOSTS) {
      boolean leaves = host(network, from).equals(host);
      boolean arrives = host(network, to).equals(host);
      NftInterpreter.Frame frame =
          new NftInterpreter.Frame(
              packet,
              Optional.of(leaves ? device(network, from) : "eth0"),
              Optional.of(arrives ? device(network, to) : "eth0"),
              "br0",
              reply
                  ? new NftInterpreter.Tracked("established", "reply")
                  : new NftInterpreter.Tracked("new", "original"));
      if ((leaves || arrives) && !kernels.get(host).passes(frame, "prerouting", "forward")) {
        return false;
      }
    }
    return true;
  }

  private static boolean isTracked(Packet packet) {
    return List.of(0x800L, 0x86ddL).contains(packet.get(Field.ETH_TYPE).low());
  }

  private static String host(ResolvedNetwork network, Endpoint end) {
    return end instanceof Endpoint.Vnic vnic
        ? network.nics().get(vnic.index()).host().orElseThrow()
        : "";
  }

  private static String device(ResolvedNetwork network, Endpoint end) {
    return network.nics().get(((Endpoint.Vnic) end).index()).device();
  }

  private static String explain(
      ResolvedNetwork network,
      Evaluator evaluator,
      Endpoint from,
      Endpoint to,
      Packet packet,
      boolean reply) {
    StringBuilder text = new StringBuilder(from + " -> " + to + (reply ? " (reply)" : "") + ": ");
    for (Field field : Field.values()) {
      if (!packet.get(field).isZero()) {
        text.append(field.ovnName()).append('=').append(packet.get(field)).append(' ');
      }
    }
    text.append('\n').append(evaluator.decide(from, to, packet, reply)).append('\n');
    try {
      for (String host : HOSTS) {
        text.append(
            HostCompiler.compile(host, HostCapabilities.ALL, Map.of("net", network)).toText());
      }
    } catch (CompileException e) {
      text.append(e.getMessage());
    }
    return text.toString();
  }
}
