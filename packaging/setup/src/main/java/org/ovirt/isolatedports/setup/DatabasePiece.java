// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.setup;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The server's own database and the role that owns it. */
public final class DatabasePiece implements Piece {

  static final String NAME = "ovirt_isolated_ports";

  private static final String MAINTENANCE = "postgres";
  private static final String MADE_ROLE = "database.made.role";
  private static final String MADE_DATABASE = "database.made.database";

  private final Psql psql;
  private final Secrets secrets;

  public DatabasePiece(Psql psql, Secrets secrets) {
    this.psql = psql;
    this.secrets = secrets;
  }

  @Override
  public String name() {
    return "database";
  }

  @Override
  public Finding look() {
    List<String> missing = new ArrayList<>();
    if (!hasRole()) {
      missing.add("role " + NAME);
    }
    if (!hasDatabase()) {
      missing.add("database " + NAME);
    }
    if (missing.isEmpty()) {
      return new Finding.Good("PostgreSQL has the database " + NAME + " and its role.");
    }
    String list = String.join(" and the ", missing);
    return new Finding.Missing(
        "PostgreSQL lacks the " + list + ".",
        "Create the " + list + ".",
        "isolated-ports-setup --answers FILE");
  }

  @Override
  public List<String> make(SetupRecord record) {
    List<String> done = new ArrayList<>();
    if (!hasRole()) {
      record.keep(Map.of(MADE_ROLE, NAME));
      psql.run(
          MAINTENANCE,
          "CREATE ROLE " + NAME + " LOGIN PASSWORD " + Psql.literal(secrets.database()) + ";");
      done.add("Created the role " + NAME + ".");
    }
    if (!hasDatabase()) {
      record.keep(Map.of(MADE_DATABASE, NAME));
      psql.run(
          MAINTENANCE,
          "CREATE DATABASE " + NAME + " OWNER " + NAME + " ENCODING 'UTF8' TEMPLATE template0;");
      done.add("Created the database " + NAME + ".");
    }
    return done;
  }

  /** What the database knows, such as which networks are isolated, is gone with it. */
  @Override
  public List<String> undo(SetupRecord record) {
    List<String> done = new ArrayList<>();
    if (record.get(MADE_DATABASE).isPresent()) {
      if (hasDatabase()) {
        psql.run(MAINTENANCE, "DROP DATABASE " + NAME + ";");
        done.add("Dropped the database " + NAME + ".");
      }
      record.remove(MADE_DATABASE);
    }
    if (record.get(MADE_ROLE).isPresent()) {
      if (hasRole()) {
        psql.run(MAINTENANCE, "DROP ROLE " + NAME + ";");
        done.add("Dropped the role " + NAME + ".");
      }
      record.remove(MADE_ROLE);
    }
    return done;
  }

  private boolean hasRole() {
    return !psql.run(
            MAINTENANCE, "SELECT 1 FROM pg_roles WHERE rolname = " + Psql.literal(NAME) + ";")
        .isEmpty();
  }

  private boolean hasDatabase() {
    return !psql.run(
            MAINTENANCE, "SELECT 1 FROM pg_database WHERE datname = " + Psql.literal(NAME) + ";")
        .isEmpty();
  }
}
