// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.setup;

import java.util.List;
import java.util.Map;

/**
 * A look at one option of the engine, and no more: {@code vdc_options} holds passwords too. A role
 * of its own sees a view of that option under the same name, through its search path.
 */
public final class LevelGatePiece implements Piece {

  static final String ROLE = "ovirt_isolated_ports_reader";

  private static final String SCHEMA = "ovirt_isolated_ports";
  private static final String MADE = "level-gate.made";

  private final Psql psql;
  private final String engineDatabase;
  private final Secrets secrets;

  /**
   * The piece.
   *
   * @param psql an administrator of the engine's PostgreSQL
   * @param engineDatabase the engine's database, usually {@code engine}
   * @param secrets with the role's password
   */
  public LevelGatePiece(Psql psql, String engineDatabase, Secrets secrets) {
    this.psql = psql;
    this.engineDatabase = engineDatabase;
    this.secrets = secrets;
  }

  @Override
  public String name() {
    return "level-gate";
  }

  @Override
  public Finding look() {
    if (isThere()) {
      return new Finding.Good(
          "The server may read IsPortIsolationSupported in the engine's database, and no more.");
    }
    return new Finding.Missing(
        "The server may not read IsPortIsolationSupported in the engine's database.",
        "Create the role " + ROLE + " with one view of that option in schema " + SCHEMA + ".",
        "isolated-ports-setup --answers FILE");
  }

  @Override
  public List<String> make(SetupRecord record) {
    if (isThere()) {
      return List.of();
    }
    record.keep(Map.of(MADE, engineDatabase));
    // In one transaction, and again over what a run that was cut off has left.
    psql.run(
        engineDatabase,
        """
        BEGIN;
        DO $$ BEGIN
          IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '%1$s') THEN
            CREATE ROLE %1$s;
          END IF;
        END $$;
        ALTER ROLE %1$s LOGIN PASSWORD %3$s CONNECTION LIMIT 4;
        CREATE SCHEMA IF NOT EXISTS %2$s;
        CREATE OR REPLACE VIEW %2$s.vdc_options AS
          SELECT option_name, option_value, version FROM public.vdc_options
          WHERE option_name = 'IsPortIsolationSupported';
        GRANT USAGE ON SCHEMA %2$s TO %1$s;
        GRANT SELECT ON %2$s.vdc_options TO %1$s;
        ALTER ROLE %1$s IN DATABASE "%4$s" SET search_path = %2$s;
        COMMIT;
        """
            .formatted(ROLE, SCHEMA, Psql.literal(secrets.engineDatabase()), engineDatabase));
    return List.of(
        "Created the role " + ROLE + ", which sees IsPortIsolationSupported and nothing else.");
  }

  @Override
  public List<String> undo(SetupRecord record) {
    if (record.get(MADE).isEmpty()) {
      return List.of();
    }
    psql.run(
        record.get(MADE).orElseThrow(),
        """
        BEGIN;
        DROP SCHEMA IF EXISTS %2$s CASCADE;
        DROP ROLE IF EXISTS %1$s;
        COMMIT;
        """
            .formatted(ROLE, SCHEMA));
    record.remove(MADE);
    return List.of("Dropped the role " + ROLE + " and its view.");
  }

  private boolean isThere() {
    return !psql.run(
            engineDatabase,
            "SELECT 1 FROM pg_roles, pg_views WHERE rolname = "
                + Psql.literal(ROLE)
                + " AND schemaname = "
                + Psql.literal(SCHEMA)
                + " AND viewname = 'vdc_options';")
        .isEmpty();
  }
}
