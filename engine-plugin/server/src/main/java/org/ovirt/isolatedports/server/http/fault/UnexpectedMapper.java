// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.http.fault;

import jakarta.persistence.PersistenceException;
import jakarta.transaction.RollbackException;
import jakarta.transaction.TransactionalException;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.ext.Provider;
import java.sql.SQLException;
import java.util.UUID;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;

/**
 * Everything else: a database that fails, which may lie at the bottom of any exception, and faults
 * of ours, of which the caller learns only where the log has them.
 */
@Provider
public class UnexpectedMapper extends FaultMapper<Exception> {

  private static final Logger LOG = Logger.getLogger(UnexpectedMapper.class.getName());

  @Override
  public Response toResponse(Exception exception) {
    return isOfDatabase(exception) ? ofDatabase(exception) : ofOurs(exception);
  }

  private static boolean isOfDatabase(Throwable failure) {
    return Stream.iterate(failure, cause -> cause != null, Throwable::getCause)
        .anyMatch(
            cause ->
                cause instanceof PersistenceException
                    || cause instanceof SQLException
                    || cause instanceof TransactionalException
                    || cause instanceof RollbackException);
  }

  private Response ofDatabase(Exception exception) {
    LOG.log(Level.WARNING, "The database fails: {0}", exception.getMessage());
    return fault(
        Response.Status.SERVICE_UNAVAILABLE.getStatusCode(),
        OPERATION_FAILED,
        "[The database of Isolated Ports does not answer now. Try again.]");
  }

  private Response ofOurs(Exception exception) {
    String mark = UUID.randomUUID().toString();
    LOG.log(Level.SEVERE, "Failure " + mark, exception);
    return fault(
        Response.Status.INTERNAL_SERVER_ERROR.getStatusCode(),
        OPERATION_FAILED,
        "[Internal error. The server's log has it under " + mark + ".]");
  }
}
