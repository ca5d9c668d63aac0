// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.violations;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.persistence.EntityManager;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What a page of violations costs: the rows that PostgreSQL itself counts as read. */
class ViolationPageTest {

  private static final int ROWS = 5_000;

  private static TestDatabase database;

  @BeforeAll
  static void ninetyDaysOfViolations() {
    database = new TestDatabase();
    database.execute(
        "INSERT INTO violation SELECT gen_random_uuid(), 'key' || i, 'GUARD_X', 'error', 'net' ||"
            + " (i % 10), 'blue', NULL, NULL, NULL, 'text', now() - i * interval '1 minute',"
            + " now(), i, -i, true, true, 0 FROM generate_series(1, "
            + ROWS
            + ") i");
    database.execute("ANALYZE violation");
  }

  @AfterAll
  static void stop() {
    database.close();
  }

  /** Rows of the table that the work's own transaction has read. */
  private static long rowsRead(Consumer<EntityManager> work) {
    return database.inTransaction(
        entities -> {
          work.accept(entities);
          return ((Number)
                  entities
                      .createNativeQuery(
                          "SELECT seq_tup_read + coalesce(idx_tup_fetch, 0)"
                              + " FROM pg_stat_xact_user_tables WHERE relname = 'violation'")
                      .getSingleResult())
              .longValue();
        });
  }

  private static List<Violation> page(EntityManager entities, int from, int most) {
    Violations violations = new Violations(entities);
    return violations.page(List.of("net1", "net2", "net3", "net4"), true, false, from, most);
  }

  @Test
  void aPageReadsItsOwnRowsAlone() {
    // Six of ten rows are of networks that are not asked for, and are passed over.
    assertThat(rowsRead(entities -> assertThat(page(entities, 0, 1)).hasSize(1)))
        .as("max=1")
        .isLessThan(20);
    assertThat(rowsRead(entities -> assertThat(page(entities, 0, 200)).hasSize(200)))
        .as("a page")
        .isBetween(200L, 1_000L);
    assertThat(
            rowsRead(
                entities ->
                    assertThat(
                            entities
                                .createQuery(
                                    "select v from Violation v order by v.foundAt desc",
                                    Violation.class)
                                .getResultList())
                        .hasSize(ROWS)))
        .as("the counter sees it if all are read")
        .isGreaterThanOrEqualTo(ROWS);
  }
}
