// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.cli;

import java.io.PrintWriter;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import org.ovirt.isolatedports.policy.compile.CompileException;
import org.ovirt.isolatedports.policy.compile.HostCapabilities;
import org.ovirt.isolatedports.policy.compile.HostCompiler;
import org.ovirt.isolatedports.policy.compile.Ruleset;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "compile",
    mixinStandardHelpOptions = true,
    description = "Prints the nftables rules of one host.")
final class CompileCommand implements Callable<Integer> {

  /** How the rules are written. */
  enum Format {
    /** For libnftables: {@code nft -j -f}. */
    JSON,
    /** For people, and for {@code nft -f}. */
    NFT
  }

  /** What a host's kernel may lack in the bridge family. */
  enum Feature {
    CT,
    IBRNAME,
    REJECT
  }

  @Spec private CommandSpec spec;
  @Mixin private InputOptions input;

  @Option(names = "--host", required = true, paramLabel = "NAME", description = "The host.")
  private String host;

  @Option(
      names = "--format",
      defaultValue = "JSON",
      paramLabel = "json|nft",
      description = "json (for nft -j -f, the default) or nft (to read, and for nft -f).")
  private Format format;

  @Option(
      names = "--without",
      split = ",",
      paramLabel = "FEATURE",
      description =
          "What the host's kernel lacks on bridges: ct (connection tracking), ibrname, reject."
              + " Rules that need it are refused.")
  private Set<Feature> missing = EnumSet.noneOf(Feature.class);

  @Override
  public Integer call() {
    InputOptions.Input read = input.read().orRefuseToCompile();
    boolean known =
        read.inventory().nics().stream().anyMatch(nic -> nic.host().equals(Optional.of(host)));
    if (!known) {
      throw new UsageException(
          "No VM of the inventory runs on a host "
              + host
              + "; give the name that stands under \"host\" of a VM.");
    }
    HostCapabilities capabilities =
        new HostCapabilities(
            !missing.contains(Feature.CT),
            !missing.contains(Feature.IBRNAME),
            !missing.contains(Feature.REJECT));
    try {
      Ruleset ruleset = HostCompiler.compile(host, capabilities, read.networks());
      read.remark(spec.commandLine().getErr());
      PrintWriter out = spec.commandLine().getOut();
      out.print(format == Format.JSON ? ruleset.toJson() : ruleset.toText());
      return 0;
    } catch (CompileException e) {
      throw new RefusedException(e.getMessage());
    }
  }
}
