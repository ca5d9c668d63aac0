// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.setup;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.ovirt.isolatedports.engine.EngineException;
import org.ovirt.isolatedports.engine.EngineHttpClient;
import org.ovirt.isolatedports.engine.EngineSettings;
import org.ovirt.isolatedports.engine.ServiceAccount;
import org.ovirt.isolatedports.engine.SingleSignOn;

/** All pieces of the installation on the engine's machine, in the order they are made. */
public final class Installation {

  private static final Duration TIMEOUT = Duration.ofMinutes(1);

  private final Answers answers;
  private final PropertyPiece property;
  private final List<Piece> made;
  private final List<Piece> judged;

  public Installation(Answers answers) {
    this.answers = answers;
    Secrets secrets = Secrets.of(SettingsPiece.read(answers.file("server.settings-file")));
    Psql psql = new Psql(answers.get("database.psql"));
    this.property = new PropertyPiece(new EngineConfigTool(answers.get("engine.config-command")));
    this.made =
        List.of(
            // First, so that a run that is cut off leaves the passwords it has given to roles.
            new SettingsPiece(answers.file("server.settings-file"), answers.settings(secrets)),
            new DatabasePiece(psql, secrets),
            new LevelGatePiece(psql, answers.get("engine.database"), secrets),
            property);
    this.judged =
        List.of(
            new HealthCheck(answers.get("server.health-url")), new FrontCheck(answers.engineUrl()));
  }

  /**
   * What came of it.
   *
   * @param steps what was done
   * @param restartNeeded whether the engine must be restarted for it
   */
  public record Outcome(List<String> steps, boolean restartNeeded) {}

  /** Each piece's name and what was found, nothing changed. */
  public record Judgement(String name, Piece.Finding finding) {}

  /** What set-up would change. */
  public List<Judgement> check() {
    logIn();
    return made.stream().map(piece -> new Judgement(piece.name(), piece.look())).toList();
  }

  /** Makes what is missing. Looks at everything first, so that nothing is made half. */
  public Outcome make(SetupRecord record) {
    List<Judgement> found = check();
    List<String> steps = new ArrayList<>();
    boolean restart =
        found.stream()
            .anyMatch(
                each ->
                    each.name().equals(property.name())
                        && each.finding() instanceof Piece.Finding.Missing);
    if (found.stream().anyMatch(each -> each.finding() instanceof Piece.Finding.Missing)) {
      record.keep(answers.toKeep());
      made.forEach(piece -> steps.addAll(piece.make(record)));
    }
    return new Outcome(steps, restart);
  }

  /** Judges every piece, also those that others start. */
  public List<Judgement> verify() {
    List<Judgement> all = new ArrayList<>();
    all.add(new Judgement("engine", login()));
    made.forEach(piece -> all.add(new Judgement(piece.name(), lookAt(piece))));
    judged.forEach(piece -> all.add(new Judgement(piece.name(), lookAt(piece))));
    return all;
  }

  /** Takes out what was made, the last first. */
  public Outcome undo(SetupRecord record) {
    List<String> steps = new ArrayList<>();
    boolean restart = false;
    for (int i = made.size() - 1; i >= 0; i--) {
      List<String> done = made.get(i).undo(record);
      restart |= made.get(i) == property && !done.isEmpty();
      steps.addAll(done);
    }
    record.remove(answers.toKeep().keySet().toArray(String[]::new));
    return new Outcome(steps, restart);
  }

  private static Piece.Finding lookAt(Piece piece) {
    try {
      return piece.look();
    } catch (SetupException e) {
      return new Piece.Finding.Missing(e.getMessage(), "", "");
    }
  }

  private Piece.Finding login() {
    try {
      logIn();
      return new Piece.Finding.Good(
          "The engine at " + answers.engineUrl() + " lets " + answers.user() + " in.");
    } catch (SetupException e) {
      return new Piece.Finding.Missing(e.getMessage(), "", "");
    }
  }

  private void logIn() {
    EngineSettings settings =
        new EngineSettings(
            answers.engineUrl(),
            TIMEOUT,
            Optional.of(answers.user()),
            Optional.of(answers.password()),
            answers.engineCa());
    EngineHttpClient http = new EngineHttpClient(settings);
    try {
      String unused = new ServiceAccount(new SingleSignOn(http), settings).call(token -> token);
    } catch (EngineException e) {
      throw new SetupException(
          "The engine at "
              + answers.engineUrl()
              + " does not let "
              + answers.user()
              + " in: "
              + e.getMessage()
              + " Set engine.url, engine.ca-file, engine.user and engine.password-file right.");
    } finally {
      http.close();
    }
  }
}
